import { PolicyConfigReader } from './policy-config.js';
import type { LiveEvent, Timeline } from './timeline.js';
import type { NewestEvents } from './window-policy.js';

/** How many of the newest events a policy keeps: up to `limit`; beyond it, the window restarts with `trimTo` events. */
export interface NewestEventsConfig {
  limit: number;
  /** At most `limit`. */
  trimTo: number;
}

const MAX_LIMIT = 1_000_000;
const DEFAULT_LIMIT = 200;
/** A window of fewer events ends exactly at `limit` unless the config has a `trim_to`. */
const SMALL_LIMIT = 20;

/** Parses a config that has only the fields of `readNewestEventsConfig`. @throws InvalidPolicyConfigError */
export function parseNewestEventsConfig(raw: Record<string, unknown>): NewestEventsConfig {
  const reader = new PolicyConfigReader(raw);
  const config = readNewestEventsConfig(reader);
  reader.finish();
  return config;
}

/** Reads the config fields `limit` (default 200) and `trim_to` (at most `limit`; for its default see `defaultTrimTo`). */
export function readNewestEventsConfig(config: PolicyConfigReader): NewestEventsConfig {
  const limit = config.integer('limit', { min: 1, max: MAX_LIMIT, fallback: DEFAULT_LIMIT });
  return { limit, trimTo: config.integer('trim_to', { min: 1, max: limit, fallback: defaultTrimTo(limit) }) };
}

/**
 * Three quarters of `limit`, so that the start of the window stands still for a quarter of `limit` and the prompt cache of the
 * provider is used. A small limit is meant exactly.
 */
function defaultTrimTo(limit: number): number {
  return limit < SMALL_LIMIT ? limit : Math.floor(0.75 * limit);
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
 * The position from which at least the newest `minEvents` live events remain. From `SMALL_LIMIT` on, up to a quarter more are kept, so
 * that the start is a multiple of a step and stays the same for as many appends.
 */
export function startOfAtLeast(liveCount: number, minEvents: number): number {
  const step = minEvents < SMALL_LIMIT ? 1 : Math.floor(minEvents / 4) + 1;
  return 1 + step * Math.floor(Math.max(0, liveCount - minEvents) / step);
}

/** Reduces live events, the newest first; undefined if nothing is left of an event. */
export type Reducer = (event: LiveEvent) => LiveEvent | undefined;

/**
 * The newest live events after a reduction. Events that the reducer removes completely are skipped. As in `startOfNewest`, the
 * start is 1 + a multiple of the step: the first such position with at most `limit` remaining events from it on. Reads back no
 * further than that takes, and no further than `newestFirst` yields.
 */
export async function newestReduced(
  timeline: Timeline,
  { limit, trimTo }: NewestEventsConfig,
  reduce: Reducer,
): Promise<NewestEvents> {
  const events = reducedEvents(timeline, reduce);
  // With a step of 1 the events begin where the limit is reached. With a larger step, the start is known one event later.
  if (trimTo === limit) return { events, limit, fromPosition: 1 };
  const step = limit - trimTo + 1;
  const newest: LiveEvent[] = [];
  for (;;) {
    const { done, value } = await events.next();
    if (done) return { events: eventsAfter(newest, events), limit, fromPosition: 1 };
    newest.push(value);
    if (newest.length > limit) {
      const fromPosition = 1 + step * Math.ceil(value.position / step);
      return { events: eventsAfter(newest, events), limit, fromPosition };
    }
  }
}

async function* reducedEvents(timeline: Timeline, reduce: Reducer): AsyncGenerator<LiveEvent, void> {
  for await (const event of timeline.newestFirst()) {
    const reduced = reduce(event);
    if (reduced) yield reduced;
  }
}

/** Events that have been read, then those that have not. */
async function* eventsAfter(
  read: readonly LiveEvent[],
  unread: AsyncGenerator<LiveEvent, void>,
): AsyncGenerator<LiveEvent> {
  try {
    yield* read;
    yield* unread;
  } finally {
    await unread.return();
  }
}

/**
 * Whether events belong to the open turn: the events after the newest message of the user that is more than tool results, or all
 * events if there is no such message. A tool loop may still run in it, so policies leave it as it is. Ask for each event, the newest first.
 */
export function openTurn(): (event: LiveEvent) => boolean {
  let isOver = false;
  return ({ startsTurn }) => {
    isOver ||= startsTurn;
    return !isOver;
  };
}
