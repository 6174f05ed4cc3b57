import { Injectable } from '@nestjs/common';
import { newestWithParts, readNewest, type Newest } from './newest-events.js';
import { PolicyConfigReader } from './policy-config.js';
import type { Timeline } from './timeline.js';
import { isToolResult } from './tool-results.js';
import { RegisterPolicy, type Selection, type WindowPolicy } from './window-policy.js';

/** The newest `limit` live events without their tool results; an event of nothing else is left out and not counted. */
@Injectable()
@RegisterPolicy({ strategy: 'strip_tool_results' })
export class StripToolResultsPolicy implements WindowPolicy<Newest> {
  readonly timeless = true;

  parseConfig(raw: Record<string, unknown>): Newest {
    const config = new PolicyConfigReader(raw);
    const newest = readNewest(config);
    config.finish();
    return newest;
  }

  select(timeline: Timeline, newest: Newest): Selection {
    return newestWithParts(timeline, newest, (part) => !isToolResult(part));
  }
}
