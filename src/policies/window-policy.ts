import { DiscoveryService } from '@nestjs/core';
import type { LiveEvent, Timeline } from './timeline.js';

/**
 * Decides which live events of a conversation the model sees, before the budget cuts. A policy is pure: its selection
 * depends on its arguments only; it has no clock, no I/O and no state of its own. It does not decide about summaries and
 * pinned events: they are part of every snapshot.
 *
 * To add one, provide a class with `@RegisterPolicy({ strategy: 'my_policy' })` in any Nest module of the application.
 * Conversations select it by that name. `describeWindowPolicy` is the test suite that every policy must pass.
 */
export interface WindowPolicy<Config = unknown> {
  /**
   * `true`: the selection depends on the timeline and the config, and not on `now`. The service then caches the window
   * until the conversation changes. Windows of other policies are computed on every read and have no `ETag`.
   */
  readonly timeless?: boolean;

  /**
   * Parses `policy.config`; an omitted config is `{}`. The fields that every policy has (`max_tokens`, `trim_ratio`,
   * `pin_head`, `trigger_ratio`) are already removed. Called when settings are written and when a window is read. It must not
   * modify `raw`.
   *
   * @throws InvalidPolicyConfigError naming every field that is invalid, unknown or missing; `PolicyConfigReader` does
   * this
   */
  parseConfig(raw: Record<string, unknown>): Config;

  /**
   * Selects among the live events. Called once per computed window, possibly for several conversations at once.
   *
   * @param config the result of `parseConfig`; not to be modified
   * @param now the database's clock
   */
  select(timeline: Timeline, config: Config, now: Date): Selection | Promise<Selection>;

  /**
   * The text that replaces the outputs of tool results if not even the newest group fits the budget. Default:
   * `REMOVED_RESULT_TEXT`
   */
  placeholder?(config: Config): string;
}

/** The default text in the place of the output of a tool result that was removed. */
export const REMOVED_RESULT_TEXT = '[tool result removed]';

/**
 * The live events of a snapshot, in one of three forms:
 * - `{ fromSeq }`: all live events from this seq on. The cost does not depend on the length of the log.
 * - the newest events of an iterable. The service moves this cut to a group, as it does for `fromSeq`.
 * - the events that an iterable yields. The service reads the iterable to its end, so it must end once the policy has enough
 *   events. It does not move the cut to a group, because it does not know what the policy would leave of older events.
 *
 * Iterables yield events of the timeline, newest first, whole or reduced by methods of `LiveEvent`. Events that the service does
 * not read are never loaded.
 */
export type Selection = { fromSeq: number } | NewestEvents | AsyncIterable<LiveEvent>;

/** The newest of some events: at most `limit`, and none before the position `fromPosition`. */
export interface NewestEvents {
  /** Also yields the events before the cut. The service reads on to find where the group begins that the cut is in. */
  events: AsyncIterable<LiveEvent>;
  /** `Infinity` if only `fromPosition` cuts. */
  limit: number;
  /** 1 if only `limit` cuts. */
  fromPosition: number;
}

/** The newest event before the cut ends the selection. */
export function isBeforeCut({ limit, fromPosition }: NewestEvents, event: LiveEvent, count: number): boolean {
  return count >= limit || event.position < fromPosition;
}

/** Registers a provider as the policy that conversations select with `"strategy": strategy`. */
export const RegisterPolicy = DiscoveryService.createDecorator<{ strategy: string }>();
