import { Injectable } from '@nestjs/common';
import { PolicyConfigReader } from './policy-config.js';
import type { Timeline } from './timeline.js';
import { RegisterPolicy, type Selection, type WindowPolicy } from './window-policy.js';

interface TimeWindowConfig {
  maxAgeSeconds: number;
  minEvents: number;
}

/** A hundred years: further back than any log. */
const MAX_AGE_SECONDS = 100 * 366 * 24 * 3600;
const MAX_MIN_EVENTS = 1_000_000;

/** Live events not older than `max_age_seconds`, but never fewer than the newest `min_events` (default 0). */
@Injectable()
@RegisterPolicy({ strategy: 'time_window' })
export class TimeWindowPolicy implements WindowPolicy<TimeWindowConfig> {
  parseConfig(raw: Record<string, unknown>): TimeWindowConfig {
    const config = new PolicyConfigReader(raw);
    const parsed = {
      maxAgeSeconds: config.integer('max_age_seconds', { min: 1, max: MAX_AGE_SECONDS }),
      minEvents: config.integer('min_events', { min: 0, max: MAX_MIN_EVENTS, fallback: 0 }),
    };
    config.finish();
    return parsed;
  }

  async select(
    timeline: Timeline,
    { maxAgeSeconds, minEvents }: TimeWindowConfig,
    now: Date,
  ): Promise<Selection> {
    const youngEnough = await timeline.firstSince(new Date(now.getTime() - maxAgeSeconds * 1000));
    const enough = Math.max(1, timeline.liveCount - minEvents + 1);
    return { fromSeq: timeline.seqAt(Math.min(youngEnough, enough)) };
  }
}
