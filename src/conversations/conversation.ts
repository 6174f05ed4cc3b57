/** A conversation as the rest of the service sees it. JSON comes as the text it was sent as. */
export interface Conversation {
  id: string;
  tokenBudget: number;
  /** 0 < r ≤ 1: the share of the budget above which a window asks for compaction. */
  triggerRatio: number;
  policyStrategy: string;
  policyConfig: string;
  metadata: string;
  version: number;
  lastSeq: number;
  /** Tokens of the whole log. */
  tokensTotal: number;
  tombstonedAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

/** A conversation as it was read. */
export interface ConversationRecord extends Conversation {
  /** The database's clock. */
  now: Date;
  /** Names the history of the database. What was read in one history says nothing about another. */
  history: string;
}

/** What a PUT may set; what is undefined keeps its value, or takes the default in a new conversation. */
export interface ConversationSettings {
  tokenBudget?: number;
  triggerRatio?: number;
  policyStrategy?: string;
  policyConfig?: string;
  metadata?: string;
}
