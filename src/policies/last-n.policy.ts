import { Injectable } from '@nestjs/common';
import { readNewest, startOfNewest, type Newest } from './newest-events.js';
import { PolicyConfigReader } from './policy-config.js';
import type { Timeline } from './timeline.js';
import { RegisterPolicy, type Selection, type WindowPolicy } from './window-policy.js';

/** The newest `limit` live events. */
@Injectable()
@RegisterPolicy({ strategy: 'last_n' })
export class LastNPolicy implements WindowPolicy<Newest> {
  readonly timeless = true;

  parseConfig(raw: Record<string, unknown>): Newest {
    const config = new PolicyConfigReader(raw);
    const newest = readNewest(config);
    config.finish();
    return newest;
  }

  select(timeline: Timeline, newest: Newest): Selection {
    return { fromSeq: timeline.seqAt(startOfNewest(timeline.liveCount, newest)) };
  }
}
