import { Injectable } from '@nestjs/common';
import { newestWithParts, parseNewestEventsConfig, type NewestEventsConfig } from './newest-events.js';
import type { Timeline } from './timeline.js';
import { isToolResultPart } from './tool-results.js';
import { RegisterPolicy, type Selection, type WindowPolicy } from './window-policy.js';

/** Removes tool-result parts, drops events left empty, then selects the newest `limit` of the remaining events. */
@Injectable()
@RegisterPolicy({ strategy: 'strip_tool_results' })
export class StripToolResultsPolicy implements WindowPolicy<NewestEventsConfig> {
  readonly timeless = true;

  parseConfig(raw: Record<string, unknown>): NewestEventsConfig {
    return parseNewestEventsConfig(raw);
  }

  select(timeline: Timeline, config: NewestEventsConfig): Selection {
    return newestWithParts(timeline, config, (part) => !isToolResultPart(part));
  }
}
