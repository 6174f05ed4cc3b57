import { Injectable } from '@nestjs/common';
import { openTurn, readNewestEventsConfig, startOfNewest, type NewestEventsConfig } from './newest-events.js';
import { PolicyConfigReader } from './policy-config.js';
import type { LiveEvent, Timeline } from './timeline.js';
import { REMOVED_RESULT_TEXT, RegisterPolicy, type Selection, type WindowPolicy } from './window-policy.js';

interface StripToolResultsConfig extends NewestEventsConfig {
  placeholder: string;
  /** How many of the newest tool results keep their output. */
  keepRecent: number;
}

const MAX_PLACEHOLDER_CHARS = 1000;
const MAX_KEEP_RECENT = 1_000_000;

/**
 * Selects the newest `limit` live events, with a placeholder in the place of the outputs of their tool results. The results of the
 * open turn and the newest `keep_recent` results stay as they are.
 */
@Injectable()
@RegisterPolicy({ strategy: 'strip_tool_results' })
export class StripToolResultsPolicy implements WindowPolicy<StripToolResultsConfig> {
  readonly timeless = true;

  parseConfig(raw: Record<string, unknown>): StripToolResultsConfig {
    const reader = new PolicyConfigReader(raw);
    const config = {
      ...readNewestEventsConfig(reader),
      placeholder: reader.text('placeholder', {
        maxChars: MAX_PLACEHOLDER_CHARS,
        fallback: REMOVED_RESULT_TEXT,
      }),
      keepRecent: reader.integer('keep_recent', { min: 0, max: MAX_KEEP_RECENT, fallback: 0 }),
    };
    reader.finish();
    return config;
  }

  select(timeline: Timeline, config: StripToolResultsConfig): Selection {
    const fromPosition = startOfNewest(timeline.liveCount, config);
    return { events: stripped(timeline, config), limit: Infinity, fromPosition };
  }

  placeholder({ placeholder }: StripToolResultsConfig): string {
    return placeholder;
  }
}

async function* stripped(
  timeline: Timeline,
  { placeholder, keepRecent }: StripToolResultsConfig,
): AsyncGenerator<LiveEvent> {
  const isInOpenTurn = openTurn();
  let recentLeft = keepRecent;
  for await (const event of timeline.newestFirst()) {
    const count = event.toolResultCount;
    const replaced = isInOpenTurn(event) ? 0 : Math.max(0, count - recentLeft);
    recentLeft = Math.max(0, recentLeft - count);
    yield replaced > 0 ? await event.withReplacedOutputs(placeholder, replaced) : event;
  }
}
