import { PolicyConfigReader } from './policy-config.js';
import type { LiveEvent, Part, Timeline } from './timeline.js';

/** How many of the newest events a policy keeps: up to `limit`; beyond it, the window restarts with `trimTo` events. */
export interface NewestEventsConfig {
  limit: number;
  /** At most `limit`. */
  trimTo: number;
}

const MAX_LIMIT = 1_000_000;
const DEFAULT_LIMIT = 200;

/** Parses a config that has only the fields of `readNewestEventsConfig`. @throws InvalidPolicyConfigError */
export function parseNewestEventsConfig(raw: Record<string, unknown>): NewestEventsConfig {
  const reader = new PolicyConfigReader(raw);
  const config = readNewestEventsConfig(reader);
  reader.finish();
  return config;
}

/** Reads the config fields `limit` (default 200) and `trim_to` (at most `limit`, default `limit`). */
export function readNewestEventsConfig(config: PolicyConfigReader): NewestEventsConfig {
  const limit = config.integer('limit', { min: 1, max: MAX_LIMIT, fallback: DEFAULT_LIMIT });
  return { limit, trimTo: config.integer('trim_to', { min: 1, max: limit, fallback: limit }) };
}

/**
 * The position at which the newest of `liveCount` live events begin. It is always 1 + a multiple of the step
 * `limit − trimTo + 1`, so it needs no stored state and stays the same for `limit − trimTo` appends.
 */
export function startOfNewest(liveCount: number, { limit, trimTo }: NewestEventsConfig): number {
  if (liveCount <= limit) return 1;
  const step = limit - trimTo + 1;
  return 1 + step * Math.ceil((liveCount - limit) / step);
}

/**
 * The newest live events with only the parts that `keep` accepts, newest first. Events left without parts are skipped
 * and not counted. As in `startOfNewest`, the start is 1 + a multiple of the step: the first such position with at most
 * `limit` remaining events from it on. Reads back no further than that takes, and no further than `newestFirst` yields.
 */
export async function* newestWithParts(
  timeline: Timeline,
  config: NewestEventsConfig,
  keep: (part: Part) => boolean,
): AsyncGenerator<LiveEvent> {
  const { limit, trimTo } = config;
  // With a step of 1 the events begin where the limit is reached. With a larger step a first pass finds the start, so
  // that no events have to be held in memory until it is known.
  const start = trimTo === limit ? 1 : await startOfNewestWithParts(timeline, config, keep);
  let count = 0;
  for await (const event of timeline.newestFirst()) {
    if (event.position < start || count === limit) return;
    const reduced = event.withParts(keep);
    if (!reduced) continue;
    count += 1;
    yield reduced;
  }
}

async function startOfNewestWithParts(
  timeline: Timeline,
  { limit, trimTo }: NewestEventsConfig,
  keep: (part: Part) => boolean,
): Promise<number> {
  const step = limit - trimTo + 1;
  let count = 0;
  for await (const { position, parts } of timeline.newestFirst()) {
    if (!parts.some(keep)) continue;
    count += 1;
    if (count > limit) return 1 + step * Math.ceil(position / step);
  }
  return 1;
}
