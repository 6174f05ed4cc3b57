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
  /** Selects how tokens are counted; absent until it is set. */
  model?: string;
  /** Tokens of the budget that windows leave free. */
  reserveTokens: number;
  /** The conversation is erased so many seconds after its last change; absent if it never is. */
  ttlSeconds?: number;
  /** The change counter: 0 when created, +1 per event and per compaction. */
  version: number;
  /** Seq of the last event; 0 in an empty log. */
  lastSeq: number;
  /** Deleted: readable, never writable again. */
  tombstoned: boolean;
  /** ISO 8601, UTC. */
  createdAt: string;
  updatedAt: string;
}

/** Which conversations of the namespace. */
export interface ListOptions {
  /**
   * `activity`: by the hour of `updatedAt`, and within an hour by `createdAt`; each page is sorted by `updatedAt`. `created`: by
   * `createdAt`. The newest come first. Default `activity`.
   */
  order?: 'activity' | 'created' | undefined;
  /** Only conversations whose metadata have these values under these keys: strings, numbers or booleans. At most 100 keys. */
  metadata?: Readonly<Record<string, string | number | boolean>> | undefined;
  /** `true` lists the deleted conversations, `false` the others. Default false. */
  tombstoned?: boolean | undefined;
  signal?: AbortSignal | undefined;
}

export interface ListPageOptions extends ListOptions {
  /** Most conversations, from 1 to 1000. Default 100. */
  limit?: number | undefined;
  /** The `nextCursor` of the page before, with the same order and filters. */
  cursor?: string | undefined;
}

export interface ConversationPage {
  /** The newest first. With several filters there may be fewer than `limit`, or none, although there is a next page. */
  conversations: Conversation[];
  /** Null if there is no next page. */
  nextCursor: string | null;
}

/** What was erased. */
export interface ErasureReceipt {
  id: string;
  /** ISO 8601, UTC. From then on, every other call for the conversation throws `GoneError`. */
  erasedAt: string;
  /** How many the log had. */
  events: number;
  /** How many compactions and withdrawals it had, active or not. */
  compactions: number;
  /** Of the stored texts of these events and compactions, in UTF-8. */
  bytes: number;
  /** SHA-256 of these texts, as `docs/operations.md` of the service computes it from a backup. */
  digest: string;
}
