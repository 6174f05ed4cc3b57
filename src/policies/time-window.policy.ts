import { Injectable } from '@nestjs/common';
import { startOfAtLeast } from './newest-events.js';
import { PolicyConfigReader } from './policy-config.js';
import type { Timeline } from './timeline.js';
import { RegisterPolicy, type Selection, type WindowPolicy } from './window-policy.js';

interface TimeWindowConfig {
  maxAgeSeconds: number;
  minEvents: number;
}

/** A hundred years, longer than any log. */
const MAX_AGE_SECONDS = 100 * 366 * 24 * 3600;
const MAX_MIN_EVENTS = 1_000_000;

/** Selects the live events not older than `max_age_seconds`, and at least the newest `min_events` (default 0). */
@Injectable()
@RegisterPolicy({ strategy: 'time_window' })
export class TimeWindowPolicy implements WindowPolicy<TimeWindowConfig> {
  parseConfig(raw: Record<string, unknown>): TimeWindowConfig {
    const reader = new PolicyConfigReader(raw);
    const config = {
      maxAgeSeconds: reader.integer('max_age_seconds', { min: 1, max: MAX_AGE_SECONDS }),
      minEvents: reader.integer('min_events', { min: 0, max: MAX_MIN_EVENTS, fallback: 0 }),
    };
    reader.finish();
    return config;
  }

  async select(
    timeline: Timeline,
    { maxAgeSeconds, minEvents }: TimeWindowConfig,
    now: Date,
  ): Promise<Selection> {
    const oldestAllowed = await timeline.firstSince(new Date(now.getTime() - maxAgeSeconds * 1000));
    const oldestRequired = startOfAtLeast(timeline.liveCount, minEvents);
    return { fromSeq: timeline.seqAt(Math.min(oldestAllowed, oldestRequired)) };
  }
}
