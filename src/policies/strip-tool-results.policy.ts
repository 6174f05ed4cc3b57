import { Injectable } from '@nestjs/common';
import { newestWithParts, readNewestEventsConfig, type NewestEventsConfig } from './newest-events.js';
import { PolicyConfigReader } from './policy-config.js';
import type { Timeline } from './timeline.js';
import { isToolResultPart } from './tool-results.js';
import { RegisterPolicy, type Selection, type WindowPolicy } from './window-policy.js';

/** Removes tool-result parts, drops events left empty, then selects the newest `limit` of the remaining events. */
@Injectable()
@RegisterPolicy({ strategy: 'strip_tool_results' })
export class StripToolResultsPolicy implements WindowPolicy<NewestEventsConfig> {
  readonly timeless = true;

  parseConfig(raw: Record<string, unknown>): NewestEventsConfig {
    const reader = new PolicyConfigReader(raw);
    const config = readNewestEventsConfig(reader);
    reader.finish();
    return config;
  }

  select(timeline: Timeline, config: NewestEventsConfig): Selection {
    return newestWithParts(timeline, config, (part) => !isToolResultPart(part));
  }
}
