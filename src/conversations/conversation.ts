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
  version: number;
  lastSeq: number;
  /** Tokens of the whole log. */
  tokensTotal: number;
  tombstonedAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

/** A conversation as it was read from the database. */
export interface ConversationRecord extends Conversation {
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
}
