import type { Part, RepairCode, Role } from '@fastpaca/messages';
import type { CachedFormat, Format, Prompts } from './prompts.js';

export type { Part, RepairCode, Role } from '@fastpaca/messages';
export type { Format, Prompt, Prompts } from './prompts.js';

/**
 * A message to append, or to use in a replacement. `content` is sent as it is: a text, an array of parts, or null beside tool calls. If
 * both are given, `parts` is used. Other fields are stored and returned unchanged.
 */
export interface EventInput {
  role: Role;
  parts?: readonly Part[] | undefined;
  content?: unknown;
  /** The caller's own id of this message. */
  id?: string | undefined;
  metadata?: Record<string, unknown> | undefined;
  /** The caller's own token count, used instead of the service's estimate. */
  tokenCount?: number | undefined;
  [field: string]: unknown;
}

/**
 * An existing message: of a window or a log, or a `UIMessage` or `ModelMessage` of the AI SDK. Other fields are sent, too, as with
 * `EventInput`.
 */
export interface EventLike {
  role: Role;
  parts?: readonly { type: string }[] | undefined;
  content?: unknown;
  id?: string | undefined;
  metadata?: unknown;
}

/** The position of an appended event. */
export interface AppendResult {
  /** Position in the log, from 1. */
  seq: number;
  /** The conversation's version after this event. */
  version: number;
  tokenEstimate: number;
  /** The idempotency key was used before with the same content: this call wrote nothing. */
  deduped?: true;
}

export interface AppendOptions {
  /** Calls with the same key append once. Default: a new key per call, so that retries are safe. */
  idempotencyKey?: string | undefined;
  /** Append only if the conversation is at this version (0: only if it is empty). Otherwise `ConflictError`. */
  ifVersion?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** An event of the log. */
export interface LoggedEvent {
  seq: number;
  version: number;
  role: Role;
  parts: Part[];
  id?: string;
  metadata?: Record<string, unknown>;
  tokenEstimate: number;
  /** ISO 8601, UTC. */
  insertedAt: string;
  [field: string]: unknown;
}

/** A message of the window: an event of the log with all its fields, or a message of a summary. */
export interface WindowMessage {
  /** Position in the log; for a summary, the first seq of the range it replaces. */
  seq: number;
  /** The role in the log, except that `developer` becomes `system`: the AI SDK knows only that. */
  role: Exclude<Role, 'developer'>;
  parts: Part[];
  /** The parts as `content` of an AI SDK `ModelMessage`, without parts that no model message can contain. */
  content: any; // eslint-disable-line @typescript-eslint/no-explicit-any -- assignable to `ModelMessage` of every major version
  id?: string;
  metadata?: Record<string, unknown>;
  insertedAt?: string;
  /** Only for a summary: the range it replaces. */
  fromSeq?: number;
  toSeq?: number;
  [field: string]: unknown;
}

/** A contiguous range of the window. */
export interface Segment {
  type: 'summary' | 'live';
  fromSeq: number;
  toSeq: number;
}

/** A change that was made so that providers accept a window. The log is unchanged. */
export interface Repair {
  /** What was repaired. A later version of the service may add codes. */
  code: RepairCode;
  /** Seq of the event that was changed, or after which something was added; 0 for a message that was added at an end. */
  seq: number;
  /** Id of the tool call, if the repair is about one that has an id. */
  callId?: string;
  /** What was done, as a short English phrase. */
  action: string;
}

/** Identifies the beginning of a window, for the prompt cache of a provider. */
export interface Prefix {
  /** While it is the same, the messages of an earlier window are the first messages of this one. */
  hash: string;
  /** Seq of the first message that is not pinned; one past the log if the window has none. */
  startSeq: number;
  /** Version of the newest active compaction; 0 without one. */
  compactionVersion: number;
  /** Digest of the policy, the budget, the model and the format. */
  settings: string;
}

/** What a window is made of and how full it is. */
export interface WindowInfo {
  usedTokens: number;
  /** The messages that the policy selects exceed the trigger ratio of the budget: time to compact. */
  needsCompaction: boolean;
  version: number;
  segments: Segment[];
  budgetTokens: number;
  repairs: Repair[];
  /** Only if the conversation has a model: what stored token counts are multiplied by to give tokens of the model. */
  tokenFactor?: number;
  prefix: Prefix;
  /**
   * What does not fit the budget although the window is for it, so it is not in the window: the seq of the last of the newest messages,
   * and their tokens; or the seq of the first pinned message that does not fit, and the tokens of all pinned messages.
   */
  overflow?: { seq: number; tokens: number };
  /** Only in a preview: its compaction cuts a tool call from its results. */
  warnings?: CompactionWarning[];
}

/** The part of a conversation that fits the token budget. */
export interface Window extends WindowInfo {
  messages: WindowMessage[];
}

/** A window in the format of a provider. */
export interface PromptWindow<F extends Format = Format> extends WindowInfo {
  format: F;
  /** To be spread into the call of the provider. */
  prompt: Prompts[F];
}

/** The positions of the events of a turn, in the order given. */
export interface TurnResult {
  /** Version after the last event. */
  version: number;
  events: Omit<AppendResult, 'deduped'>[];
  /** The idempotency key was used before with the same content: this call wrote nothing. */
  deduped?: true;
}

/** How a window is selected from the log. `config` is sent unchanged, in the spelling of the service (`max_age_seconds`). */
export interface Policy {
  strategy: string;
  config?: Record<string, unknown> | undefined;
}

/** The record of a conversation. */
export interface Conversation {
  id: string;
  tokenBudget: number;
  /** Fraction of the budget above which a window has `needsCompaction`. */
  triggerRatio: number;
  policy: { strategy: string; config: Record<string, unknown> };
  metadata: Record<string, unknown>;
  /** The change counter: 0 when created, +1 per event and per compaction. */
  version: number;
  /** Seq of the last event; 0 if there is none. */
  lastSeq: number;
  /** Deleted: readable, never writable again. */
  tombstoned: boolean;
  /** ISO 8601, UTC. */
  createdAt: string;
  updatedAt: string;
}

export interface WindowOptions {
  /** Narrows the budget for this call, in tokens, from 1. It never widens the budget. */
  budgetTokens?: number | undefined;
  /** Return the window only if the conversation is at this version. Otherwise `ConflictError`. */
  ifVersion?: number | undefined;
  /**
   * Return the window as it was at this version, from 0 to the current version, under today's settings. `autoCompact` leaves such a
   * window as it is.
   */
  atVersion?: number | undefined;
  signal?: AbortSignal | undefined;
}

export interface PromptWindowOptions<F extends Format = Format> extends WindowOptions {
  /** The format of the `prompt`, by the provider that takes it. */
  format: F;
  /**
   * Prepare the prompt for the provider's prompt cache: `cache_control` for Anthropic, `prompt_cache_key` for OpenAI. Only with these
   * formats. Default false.
   */
  cache?: (F extends CachedFormat ? boolean : false) | undefined;
}

/** Settings and a compaction to try out. What is left out is as it is stored. */
export interface WindowPreview {
  policy?: Policy | undefined;
  /** Most tokens of the window, from 1. */
  tokenBudget?: number | undefined;
  /** Tokens of the budget that the window leaves free, from 0; fewer than the budget. */
  reserveTokens?: number | undefined;
  /** Selects how the replacement is counted, and the token factor. Stored events keep their count. */
  model?: string | undefined;
  compaction?: Omit<RangeCompaction, 'ifVersion'> | undefined;
}

/** Replaces a range of seqs for the model. The log is untouched. */
export interface RangeCompaction {
  /** Extends a range that would cut a tool call from its results, so that it contains both. Default false; always with `autoCompact`. */
  snap?: boolean | undefined;
  /** First seq of the range, from 1. */
  fromSeq: number;
  /** Last seq of the range, inclusive. The `seq` of a summary includes the whole range of that summary. */
  toSeq: number;
  /** What the model sees instead: 1 or more messages. Messages of a window are allowed. */
  replacement: readonly (EventInput | EventLike)[];
  /** Compact only if the conversation is at this version. Otherwise `ConflictError`. */
  ifVersion?: number | undefined;
}

/** Replaces the whole conversation for the model: the window then consists of `messages`. */
export interface WholeCompaction {
  messages: readonly (EventInput | EventLike)[];
  /** The version of the window that `messages` were made from. Default: the version at the time of the call. */
  ifVersion?: number | undefined;
}

export interface CompactResult {
  /** The conversation's version after the compaction. */
  version: number;
  /** The range that was replaced. With `snap` it may be larger than the one that was given. */
  fromSeq: number;
  toSeq: number;
  /** The range cuts a tool call from its results: the nearest larger range that does not. Only without `snap`. */
  warnings?: CompactionWarning[];
}

/** A range cuts a tool call from its results: the nearest larger range that does not. */
export interface CompactionWarning {
  code: string;
  fromSeq: number;
  toSeq: number;
}

export interface ReplayOptions {
  /** First seq, inclusive. A negative value counts from the end: -50 starts at the last 50 events. Default 1. */
  fromSeq?: number | undefined;
  /** Last seq, inclusive. Default and maximum: the end of the log when the replay begins. */
  toSeq?: number | undefined;
  signal?: AbortSignal | undefined;
}

export interface UIMessagesOptions {
  /** At most this many of the newest events, from 1. The first message is then never an answer, which could be incomplete. Default: all. */
  limit?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** Makes the compaction of a window that needs one. Returning undefined or null leaves the window unchanged. */
export type AutoCompact = (
  window: Window,
) => AutoCompaction | null | undefined | Promise<AutoCompaction | null | undefined>;

export type AutoCompaction = Omit<RangeCompaction, 'ifVersion' | 'snap'> | Omit<WholeCompaction, 'ifVersion'>;

export interface AutoCompactOptions {
  /**
   * Receives the error of the handler or of its compaction. The call then returns the window without the compaction. Default: the call
   * throws the error.
   */
  onError?: ((error: unknown) => void) | undefined;
}

export interface WatchOptions {
  /** The last **version** you have; 0 for all changes from the beginning. Default: only changes from now on. */
  cursor?: number | undefined;
  /** `false` leaves out `event` changes. Default true. */
  includeEvents?: boolean | undefined;
  /** Reconnect after this time without data, in milliseconds. The service sends a heartbeat every 30 s. Default 90,000. */
  idleTimeoutMs?: number | undefined;
  /** Called before each reconnection, with the reason why the connection ended. */
  onReconnect?: ((error: unknown) => void) | undefined;
  /** Ends the iteration, without an error. */
  signal?: AbortSignal | undefined;
}

/** A change of a conversation. Versions never decrease, except after a `gap` or a `reset`. */
export type Change =
  /** An event was appended. */
  | { type: 'event'; version: number; seq: number; event: LoggedEvent }
  /** A range was compacted. */
  | { type: 'compaction'; version: number; range: { fromSeq: number; toSeq: number } }
  /** The window has changed: read it again. */
  | { type: 'window'; version: number; needsCompaction: boolean; usedTokens: number }
  /** The log was replaced by another one, for example after a restore or a failover that lost changes: discard your copy and read again. */
  | { type: 'reset'; version: number }
  /**
   * The conversation has not reached your cursor, for example after a restore from a backup: it is not the conversation you know.
   * Discard your copy. The iteration continues after `version`.
   */
  | { type: 'gap'; version: number; expected: number; actual: number; reason: string }
  /** The conversation was deleted. The iteration ends after this change. */
  | { type: 'tombstoned'; version: number };
