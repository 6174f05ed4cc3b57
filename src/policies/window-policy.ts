import { DiscoveryService } from '@nestjs/core';
import type { LiveEvent, Timeline } from './timeline.js';

/**
 * Decides what of a conversation the model sees, before any budget cut. Pure: its answer follows from what it is given;
 * no clock and no I/O of its own. Summaries are not its business: they are pinned, and always part of the snapshot.
 *
 * To add one: a Nest provider with `@RegisterPolicy({ strategy: 'my_policy' })`, in any module of the application.
 * It is called once per window that is read. `describeWindowPolicy` is the suite that every policy passes.
 */
export interface WindowPolicy<Config = unknown> {
  /**
   * `true`: what it selects follows from timeline and config alone, `now` left aside. A window is then kept ready until
   * the conversation changes; without it, every window is computed.
   */
  readonly timeless?: boolean;

  /**
   * Reads `policy.config`, `{}` where none was given. The fields that every policy has (`max_tokens`,
   * `trigger_ratio`) are already taken out.
   *
   * @throws InvalidPolicyConfigError naming each field that is wrong, unknown or missing; `PolicyConfigReader` does it
   */
  parseConfig(raw: Record<string, unknown>): Config;

  /** Chooses among the live events. `now` is the database's clock. */
  select(timeline: Timeline, config: Config, now: Date): Selection | Promise<Selection>;
}

/**
 * The live events of a snapshot: either all from one seq on (a lookup, whatever the length of the log), or those that
 * the iterable yields, newest first, some perhaps with fewer parts. It is read to its end, so it must end by itself
 * where the policy has enough: what it never asks for is never read.
 */
export type Selection = { fromSeq: number } | AsyncIterable<LiveEvent>;

/** Makes a provider the policy that conversations name as `strategy`. */
export const RegisterPolicy = DiscoveryService.createDecorator<{ strategy: string }>();
