import type { RawJson } from '../common/http/body/raw-json.js';

/** A conversation as the rest of the service sees it. JSON is the text that was sent: parse it with `jsonValue`. */
export interface Conversation {
  id: string;
  tokenBudget: number;
  /** 0 < r ≤ 1: a window needs compaction when its snapshot exceeds this ratio of the budget. */
  triggerRatio: number;
  policyStrategy: string;
  /** JSON text of an object. */
  policyConfig: string;
  /** JSON text of an object. */
  metadata: string;
  /** Selects how the tokens of the events are counted; null for the default tokenizer. */
  model: string | null;
  /** Tokens of the budget that a window leaves free; less than `tokenBudget`. */
  reserveTokens: number;
  version: number;
  lastSeq: number;
  /** Tokens of the whole log. */
  tokensTotal: number;
  /**
   * System and developer events at the very beginning of the log, at most 256. Null if it is not known: before the first event, and
   * for a log that began with a version of the service that did not count them.
   */
  headLength: number | null;
  /** How many events were appended with `pinned: true`; at most 256. */
  pinnedCount: number;
  /** The version that last changed which events are withdrawn; null if none ever was. */
  withdrawnVersion: number | null;
  /** The conversation is erased so many seconds after its last change; null: never. */
  ttlSeconds: number | null;
  tombstonedAt: Date | null;
  /** Set if the conversation was erased. Nothing can be read then, so no caller outside of the service sees such a record. */
  erasedAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

/** A conversation as it was read from the database. */
export interface ConversationRecord extends Conversation {
  /**
   * Tokens of the model per counted token, a multiple of 0.01: learned from usage reports. 1 without a model, or until enough reports
   * have arrived.
   */
  tokenFactor: number;
  /** The database's clock. */
  now: Date;
  /** Identifies the history of the database. What was read in one history says nothing about another. */
  history: string;
}

/**
 * Settings as a caller gives them. An undefined setting keeps its value, or gets the default in a new conversation. A
 * `RawJson` keeps the text that was sent and must have been validated, as the field of a DTO is; an object is validated
 * by the service.
 */
export interface SettingsInput {
  tokenBudget?: number | undefined;
  /** Takes precedence over a `trigger_ratio` in `policy`. */
  triggerRatio?: number | undefined;
  policy?: PolicyInput | RawJson | undefined;
  /** At most 64 KiB as JSON. */
  metadata?: object | undefined;
  /** 1 to 255 characters, no control characters. It can be replaced, but not removed. */
  model?: string | undefined;
  /** Tokens of the budget that windows leave free: an integer from 0 that is less than `tokenBudget`; default 0. */
  reserveTokens?: number | undefined;
  /** Erases the conversation so many seconds after its last change: at most `MAX_TTL_SECONDS`; 0 for never, the default. */
  ttlSeconds?: number | undefined;
}

export interface PolicyInput {
  strategy: string;
  config?: object | undefined;
}

/** Settings as they are stored. */
export interface ConversationSettings {
  tokenBudget?: number | undefined;
  triggerRatio?: number | undefined;
  policyStrategy?: string | undefined;
  policyConfig?: string | undefined;
  metadata?: string | undefined;
  model?: string | undefined;
  reserveTokens?: number | undefined;
  /** 0 for never. */
  ttlSeconds?: number | undefined;
}
