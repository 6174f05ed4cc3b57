import type { ContentForm, EventOutline } from '@fastpaca/messages';

/** About how many bytes of bodies one statement reads, and where a page of the log ends. */
export const MAX_READ_BYTES = 8 * 1024 * 1024;

/** An event as it is stored in the log. */
export interface StoredEvent {
  seq: number;
  version: number;
  /** Compact JSON text as the caller sent it, without the server's fields. */
  body: string;
  tokenEstimate: number;
  /** Tokens of each part, then of each of the `tool_calls`; null if there is one and the estimate says how many it has. */
  partTokens: number[] | null;
  /** See `serializeOutline` of @fastpaca/messages; null for an event of a version before outlines. */
  outline: string | null;
  insertedAt: Date;
}

/** A stored event as a page of the log shows it. */
export interface LoggedEvent extends StoredEvent {
  /** The version of the withdrawal that took it out of the windows; undefined if none did, or if it was undone. */
  withdrawnAtVersion?: number;
}

/** A stored event with the running token total of its log. */
export interface EventWithTotal extends StoredEvent {
  /** Tokens of the log from its first event through this one. */
  tokensThrough: number;
  /** What the messages of all windows with the event share; made with the first. */
  message?: SharedMessage | undefined;
}

/** The message of a whole event in a window. */
export interface SharedMessage {
  /** The message as `GET …/window` returns it. */
  json: string;
  outline: EventOutline;
  /** How the caller wrote the content; undefined if it was not recorded. */
  contentForm: ContentForm | undefined;
  /** As of the event. */
  partTokens: readonly number[] | null;
  /** Whether `JSON.stringify` writes the message as it is; undefined if nobody has asked yet. */
  isPlainJson?: boolean;
}

/** An event that stays in every window: because it was appended as pinned, or because it belongs to the head of its log. */
export interface PinnedEvent extends EventWithTotal {
  /** It was appended as pinned. */
  pinned: boolean;
}

/** What a group needs of a stored event. */
export type StoredOutline = Pick<EventWithTotal, 'seq' | 'outline' | 'tokenEstimate' | 'tokensThrough'>;

/** A range of seqs, both ends inclusive. */
export interface SeqRange {
  fromSeq: number;
  toSeq: number;
}

/** A range of seqs whose newest events are read, as far back as a token budget reaches. */
export interface SuffixRange extends SeqRange {
  /** Selects the events whose running token total *before* them is at least this. */
  minTokensBefore: number;
}
