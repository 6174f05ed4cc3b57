import type { Part, Role } from '@fastpaca/messages';
import type { Policy } from './conversation-types.js';
import type { CompactionWarning, Window } from './window-types.js';

export type { Part, RepairCode, Role } from '@fastpaca/messages';
export type { CachedFormat, Format, Prompt, Prompts } from './prompts.js';
export type * from './conversation-types.js';
export type * from './window-types.js';

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
  /** No policy and no budget drops the message from a window. At most 256 messages of a conversation; no effect in a replacement. */
  pinned?: boolean | undefined;
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
  /** As in `EventInput`. */
  pinned?: boolean | undefined;
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

/** What a provider has counted for a window. */
export interface Usage {
  /** The provider's name of the model. */
  model: string;
  /** The version of the window that went to the model. */
  windowVersion: number;
  /** Tokens of the whole input, from 1: uncached, read from the cache and written to the cache. Of several steps, those of the first. */
  inputTokens: number;
}

export interface AppendOptions {
  /** Calls with the same key append once. Default: a new key per call, so that retries are safe. */
  idempotencyKey?: string | undefined;
  /** Append only if the conversation is at this version (0: only if it is empty). Otherwise `ConflictError`. */
  ifVersion?: number | undefined;
  /** What the provider has counted for the window that this answer was made from, see `usageOf`. The append does not wait for it. */
  usage?: Usage | undefined;
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
  /** Only if the event was withdrawn: the version of the withdrawal. No window has the event. */
  withdrawnAtVersion?: number;
  [field: string]: unknown;
}

/** The positions of the events of a turn, in the order given. */
export interface TurnResult {
  /** Version after the last event. */
  version: number;
  events: Omit<AppendResult, 'deduped'>[];
  /** The idempotency key was used before with the same content: this call wrote nothing. */
  deduped?: true;
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
  /** What the model sees instead. Messages of a window are allowed. Without any, the events are withdrawn. */
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

/** Takes a range of events out of the windows. The log is untouched. */
export interface Withdrawal {
  /** First seq of the range, from 1. */
  fromSeq: number;
  /** Last seq of the range, inclusive. The `seq` of a summary includes the whole range of that summary. Default: the end of the log. */
  toSeq?: number | undefined;
  /** Withdraw only if the conversation is at this version. Otherwise `ConflictError`. */
  ifVersion?: number | undefined;
}

export interface RegenerateOptions {
  /** Id of a message in `uiMessages`, as a request of `useChat` has it. Default: the newest answer. */
  messageId?: string | undefined;
}

export interface AppendNewestOptions {
  /**
   * Id of the message of the user that the newest one replaces, as a request of `useChat` has it: it is withdrawn with everything after
   * it. A message that is not in the log is ignored.
   */
  messageId?: string | undefined;
}

export interface CompactResult {
  /** The conversation's version after the compaction. */
  version: number;
  /** The range that was replaced or withdrawn. With `snap` it may be larger than the one that was given. */
  fromSeq: number;
  toSeq: number;
  /** The range cuts a tool call from its results: the nearest larger range that does not. Only without `snap`. */
  warnings?: CompactionWarning[];
}

/** A compaction or a withdrawal, active or not. */
export interface Compaction {
  /** The version that it gave the conversation. It identifies the compaction. */
  version: number;
  fromSeq: number;
  toSeq: number;
  /** Whether windows have it now. */
  active: boolean;
  /** It is a withdrawal. */
  withdrawn?: true;
  /** The version of the compaction that replaced it. */
  replacedAtVersion?: number;
  /** The version that undid it. */
  undoneAtVersion?: number;
  tokenEstimate: number;
  /** ISO 8601, UTC. */
  insertedAt: string;
  /** The messages that the model sees instead, as the service stores them; none for a withdrawal. */
  replacement: Record<string, unknown>[];
}

export interface UndoOptions {
  /** Undo only if the conversation is at this version. Otherwise `ConflictError`. */
  ifVersion?: number | undefined;
}

export interface ReplayOptions {
  /** First seq, inclusive. A negative value counts from the end: -50 starts at the last 50 events. Default 1. */
  fromSeq?: number | undefined;
  /** Last seq, inclusive. Default and maximum: the end of the log when the replay begins. */
  toSeq?: number | undefined;
  /** `exclude` leaves out withdrawn events. Default: they have `withdrawnAtVersion`. */
  withdrawn?: 'include' | 'exclude' | undefined;
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
  /** A range was compacted, or with `withdrawn` taken out of the windows. */
  | {
      type: 'compaction';
      version: number;
      range: { fromSeq: number; toSeq: number };
      withdrawn?: true;
      /** The compaction of this version was undone: what it had replaced is back. */
      undoes?: number;
    }
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
