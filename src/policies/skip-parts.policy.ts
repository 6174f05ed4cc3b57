import { Injectable } from '@nestjs/common';
import {
  newestReduced,
  openTurn,
  readNewestEventsConfig,
  type NewestEventsConfig,
  type Reducer,
} from './newest-events.js';
import { PolicyConfigReader } from './policy-config.js';
import type { LiveEvent, Timeline } from './timeline.js';
import { RegisterPolicy, type Selection, type WindowPolicy } from './window-policy.js';

interface SkipPartsConfig extends NewestEventsConfig {
  /** See `LiveEvent.withoutKinds`. */
  kinds: readonly string[];
}

const DEFAULT_KINDS = ['tool*', 'reasoning'];

/**
 * Removes what belongs to `kinds`, drops events left empty, then selects the newest `limit` of the remaining events. The open
 * turn stays as it is.
 */
@Injectable()
@RegisterPolicy({ strategy: 'skip_parts' })
export class SkipPartsPolicy implements WindowPolicy<SkipPartsConfig> {
  readonly timeless = true;

  parseConfig(raw: Record<string, unknown>): SkipPartsConfig {
    const reader = new PolicyConfigReader(raw);
    const config = { ...readNewestEventsConfig(reader), kinds: reader.strings('kinds', DEFAULT_KINDS) };
    reader.finish();
    return config;
  }

  select(timeline: Timeline, config: SkipPartsConfig): Promise<Selection> {
    return newestReduced(timeline, config, skipping(config.kinds));
  }
}

function skipping(kinds: readonly string[]): Reducer {
  const isInOpenTurn = openTurn();
  let follower: LiveEvent | undefined;
  return (event) => (follower = isInOpenTurn(event) ? event : event.withoutKinds(kinds, follower));
}
