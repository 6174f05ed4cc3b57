import { Injectable } from '@nestjs/common';
import { newestWithParts, readNewestEventsConfig, type NewestEventsConfig } from './newest-events.js';
import { PolicyConfigReader } from './policy-config.js';
import type { Part, Timeline } from './timeline.js';
import { RegisterPolicy, type Selection, type WindowPolicy } from './window-policy.js';

interface SkipPartsConfig extends NewestEventsConfig {
  kinds: readonly string[];
}

/** A kind that ends with `*` matches every type with that prefix. */
const DEFAULT_KINDS = ['tool*', 'reasoning'];

/**
 * Removes the parts whose type matches one of `kinds`, drops events left empty, then selects the newest `limit` of the
 * remaining events.
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

  select(timeline: Timeline, config: SkipPartsConfig): Selection {
    const exact = new Set(config.kinds.filter((kind) => !kind.endsWith('*')));
    const prefixes = config.kinds.filter((kind) => kind.endsWith('*')).map((kind) => kind.slice(0, -1));
    const keep = ({ type }: Part) => !exact.has(type) && !prefixes.some((prefix) => type.startsWith(prefix));
    return newestWithParts(timeline, config, keep);
  }
}
