import { Injectable } from '@nestjs/common';
import { parseNewestEventsConfig, startOfNewest, type NewestEventsConfig } from './newest-events.js';
import type { Timeline } from './timeline.js';
import { RegisterPolicy, type Selection, type WindowPolicy } from './window-policy.js';

/** Selects the newest `limit` live events. */
@Injectable()
@RegisterPolicy({ strategy: 'last_n' })
export class LastNPolicy implements WindowPolicy<NewestEventsConfig> {
  readonly timeless = true;

  parseConfig(raw: Record<string, unknown>): NewestEventsConfig {
    return parseNewestEventsConfig(raw);
  }

  select(timeline: Timeline, config: NewestEventsConfig): Selection {
    return { fromSeq: timeline.seqAt(startOfNewest(timeline.liveCount, config)) };
  }
}
