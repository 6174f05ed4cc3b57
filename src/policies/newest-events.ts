import type { PolicyConfigReader } from './policy-config.js';
import type { LiveEvent, Part, Timeline } from './timeline.js';

/** How many of the newest events a policy keeps: up to `limit`, and, once that is passed, from `trimTo` up again. */
export interface Newest {
  limit: number;
  trimTo: number;
}

const MAX_LIMIT = 1_000_000;
const DEFAULT_LIMIT = 200;

/** `limit` (default 200) and `trim_to` (≤ `limit`, default `limit`). */
export function readNewest(config: PolicyConfigReader): Newest {
  const limit = config.integer('limit', { min: 1, max: MAX_LIMIT, fallback: DEFAULT_LIMIT });
  return { limit, trimTo: config.integer('trim_to', { min: 1, max: limit, fallback: limit }) };
}

/**
 * The position where the newest of `count` live events begin. It only ever stands at 1 + a multiple of
 * `limit − trimTo + 1`, so it follows from the positions alone, and stands still for `limit − trimTo` appends.
 */
export function startOfNewest(count: number, { limit, trimTo }: Newest): number {
  if (count <= limit) return 1;
  const step = limit - trimTo + 1;
  return 1 + step * Math.ceil((count - limit) / step);
}

/**
 * The newest events of what is left of a timeline when only some parts are kept, newest first. As `startOfNewest`, but
 * `limit` counts the events that are left: the window begins at the first step with no more than `limit` after it.
 * Reads back as far as that takes, but no further than the timeline gives events.
 */
export async function* newestWithParts(
  timeline: Timeline,
  { limit, trimTo }: Newest,
  keep: (part: Part) => boolean,
): AsyncGenerator<LiveEvent> {
  const step = limit - trimTo + 1;
  // With a step of one the start is where the limit is reached; else it is found in a pass of its own, so that no
  // event is held back in memory until it is known to be in.
  const start = step === 1 ? 1 : await startWithParts(timeline, limit, step, keep);
  let count = 0;
  for await (const event of timeline.newestFirst()) {
    if (event.position < start || count === limit) return;
    const kept = event.withParts(keep);
    if (!kept) continue;
    count += 1;
    yield kept;
  }
}

async function startWithParts(
  timeline: Timeline,
  limit: number,
  step: number,
  keep: (part: Part) => boolean,
) {
  let count = 0;
  for await (const { position, parts } of timeline.newestFirst()) {
    if (!parts.some(keep)) continue;
    count += 1;
    if (count > limit) return 1 + step * Math.ceil(position / step);
  }
  return 1;
}
