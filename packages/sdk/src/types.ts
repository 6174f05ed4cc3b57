/** A piece of an event: text, a tool call, an image … Any shape with a `type`; it comes back as it was sent. */
export interface Part {
  type: string;
  [field: string]: unknown;
}

export type Role = 'system' | 'developer' | 'user' | 'assistant' | 'tool';

/**
 * A message to append, or to replace a range by. `content` is a shorthand: a text becomes one text part, an array
 * becomes the parts; `parts` wins over it. Other fields are stored and come back as they are.
 */
export interface EventInput {
  role: Role;
  parts?: readonly Part[];
  content?: unknown;
  /** The caller's own id of this message. */
  id?: string;
  metadata?: Record<string, unknown>;
  /** The caller's own count, used instead of the service's estimate. */
  tokenCount?: number;
  [field: string]: unknown;
}

/**
 * Any message that there is already: of a window or a log, a `UIMessage` or a `ModelMessage` of the AI SDK. What it has besides goes
 * along, as with `EventInput`.
 */
export interface EventLike {
  role: Role;
  parts?: readonly { type: string }[];
  content?: unknown;
  id?: string;
  metadata?: unknown;
}

/** Where an appended event stands. */
export interface AppendResult {
  /** Position in the log, from 1. */
  seq: number;
  /** The conversation's change counter after it. */
  version: number;
  tokenEstimate: number;
  /** The idempotency key was used before with this content: nothing was written now. */
  deduped?: true;
}

export interface AppendOptions {
  /** Repeats of one key are one append. Made up for each call if absent, so that a retry is always safe. */
  idempotencyKey?: string;
  /** Append only if the conversation is at this version (0: only if it is empty); else `ConflictError`. */
  ifVersion?: number;
  signal?: AbortSignal;
}

/** An event as the log has it. */
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

/** A message of the window: an event of the log, or a part of a summary. */
export interface WindowMessage {
  /** Position in the log; of a summary, the first seq of the range it stands for. */
  seq: number;
  /** As in the log, but `developer` is `system`, which is the same to the AI SDK. */
  role: Exclude<Role, 'developer'>;
  parts: Part[];
  /** The same as content of an AI SDK `ModelMessage`; parts that no model message can carry are left out. */
  content: any; // eslint-disable-line @typescript-eslint/no-explicit-any -- assignable to `ModelMessage` of every major
  id?: string;
  metadata?: Record<string, unknown>;
  insertedAt?: string;
  /** Of a summary: the range it stands for. */
  fromSeq?: number;
  toSeq?: number;
}

/** A run of the window. */
export interface Segment {
  type: 'summary' | 'live';
  fromSeq: number;
  toSeq: number;
}

/** The slice of a conversation that fits the token budget. */
export interface Window {
  messages: WindowMessage[];
  usedTokens: number;
  /** What the policy leaves is more than the trigger ratio of the budget: time to compact. */
  needsCompaction: boolean;
  version: number;
  segments: Segment[];
  budgetTokens: number;
}

/** Where the events of a turn stand, in the order they were given. */
export interface TurnResult {
  /** Version after the last event. */
  version: number;
  events: Omit<AppendResult, 'deduped'>[];
  /** The idempotency key was used before with this content: nothing was written now. */
  deduped?: true;
}

/** How a window is chosen from the log; `config` goes to the service as it is, in its spelling (`max_age_seconds`). */
export interface Policy {
  strategy: string;
  config?: Record<string, unknown>;
}

/** The record of a conversation. */
export interface Conversation {
  id: string;
  tokenBudget: number;
  /** Share of the budget above which a window says `needsCompaction`. */
  triggerRatio: number;
  policy: { strategy: string; config: Record<string, unknown> };
  metadata: Record<string, unknown>;
  /** The change counter: 0 when created, +1 per event and per compaction. */
  version: number;
  /** Seq of the last event; 0 while there is none. */
  lastSeq: number;
  /** Deleted: readable, never writable again. */
  tombstoned: boolean;
  /** ISO 8601, UTC. */
  createdAt: string;
  updatedAt: string;
}

export interface WindowOptions {
  /** Narrows the budget for this call, in tokens, from 1; it never widens it. */
  budgetTokens?: number;
  /** Any other version is a `ConflictError`. */
  ifVersion?: number;
  signal?: AbortSignal;
}

/** Replaces a range of seqs for the model. The log is untouched. */
export interface RangeCompaction {
  /** First seq of the range, from 1. */
  fromSeq: number;
  /** Last seq of the range, inclusive. The `seq` of a summary stands for all of what it summarises. */
  toSeq: number;
  /** What the model sees instead, 1 or more messages; those of a window may be among them. */
  replacement: readonly (EventInput | EventLike)[];
  /** Compact only if the conversation is at this version; else `ConflictError`. */
  ifVersion?: number;
}

/** Replaces everything there is, so that the window consists of `messages`. */
export interface WholeCompaction {
  messages: readonly (EventInput | EventLike)[];
  /** The version of the window that `messages` are made from; without it, that at the time of the call. */
  ifVersion?: number;
}

export interface CompactResult {
  /** The conversation's version after it. */
  version: number;
}

export interface ReplayOptions {
  /** Where to begin, inclusive; negative counts from the end: -50 is the last 50. Default 1. */
  fromSeq?: number;
  /** Where to end, inclusive. Default and at most the end of the log when the replay begins. */
  toSeq?: number;
  signal?: AbortSignal;
}

/**
 * Compacts a window that needs it: what to replace, and by what. Nothing (undefined or null) leaves the window as it is.
 */
export type AutoCompact = (
  window: Window,
) => AutoCompaction | null | undefined | Promise<AutoCompaction | null | undefined>;

export type AutoCompaction = Omit<RangeCompaction, 'ifVersion'> | Omit<WholeCompaction, 'ifVersion'>;

export interface AutoCompactOptions {
  /** Told what the handler threw, or why its compaction failed; the window is then returned as it is. Without it, it is thrown. */
  onError?: (error: unknown) => void;
}

export interface WatchOptions {
  /** The last **version** you have; 0 for everything from the beginning. Without it, only what comes from now on. */
  cursor?: number;
  /** `false` leaves `event` changes out. Default true. */
  includeEvents?: boolean;
  /** Silence after which the connection is given up and made anew, in milliseconds; the service's heartbeat is every 30 s. Default 90,000. */
  idleTimeoutMs?: number;
  /** Told why a connection ended, before the next one is tried. */
  onReconnect?: (error: unknown) => void;
  /** Ends the iteration, without an error. */
  signal?: AbortSignal;
}

/** What happened in a conversation. Versions never go back, except after a `gap`. */
export type Change =
  /** An event was appended. */
  | { type: 'event'; version: number; seq: number; event: LoggedEvent }
  /** A range was compacted. */
  | { type: 'compaction'; version: number; range: { fromSeq: number; toSeq: number } }
  /** The window has changed: read it again. */
  | { type: 'window'; version: number; needsCompaction: boolean; usedTokens: number }
  /** The log is another one now, as after a failover that lost changes or a restore: forget what you have and read again. */
  | { type: 'reset'; version: number }
  /**
   * The conversation has not come as far as your cursor: it is another than the one you know, as after a restore from a
   * backup. Forget what you have; the iteration goes on after `version`.
   */
  | { type: 'gap'; version: number; expected: number; actual: number; reason: string }
  /** The conversation was deleted. The iteration ends after this. */
  | { type: 'tombstoned'; version: number };
