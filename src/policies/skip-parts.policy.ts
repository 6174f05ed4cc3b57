import { Injectable } from '@nestjs/common';
import { newestWithParts, readNewest, type Newest } from './newest-events.js';
import { PolicyConfigReader } from './policy-config.js';
import type { Part, Timeline } from './timeline.js';
import { RegisterPolicy, type Selection, type WindowPolicy } from './window-policy.js';

interface SkipPartsConfig extends Newest {
  kinds: readonly string[];
}

/** A `*` at the end of a kind stands for any ending. */
const DEFAULT_KINDS = ['tool*', 'reasoning'];

/**
 * The newest `limit` live events without the parts of some kinds: those whose type starts with `tool` and `reasoning`,
 * or the ones that `kinds` names. An event of nothing else is left out and not counted.
 */
@Injectable()
@RegisterPolicy({ strategy: 'skip_parts' })
export class SkipPartsPolicy implements WindowPolicy<SkipPartsConfig> {
  readonly timeless = true;

  parseConfig(raw: Record<string, unknown>): SkipPartsConfig {
    const config = new PolicyConfigReader(raw);
    const parsed = { ...readNewest(config), kinds: config.strings('kinds', DEFAULT_KINDS) };
    config.finish();
    return parsed;
  }

  select(timeline: Timeline, config: SkipPartsConfig): Selection {
    const exact = new Set(config.kinds.filter((kind) => !kind.endsWith('*')));
    const prefixes = config.kinds.filter((kind) => kind.endsWith('*')).map((kind) => kind.slice(0, -1));
    const keep = ({ type }: Part) => !exact.has(type) && !prefixes.some((prefix) => type.startsWith(prefix));
    return newestWithParts(timeline, config, keep);
  }
}
