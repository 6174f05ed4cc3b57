/** An event as it is stored in the log. */
export interface StoredEvent {
  seq: number;
  version: number;
  /** Compact JSON text as the caller sent it, without the server's fields. */
  body: string;
  tokenEstimate: number;
  /** Tokens of each part; null if there is only one part. */
  partTokens: number[] | null;
  insertedAt: Date;
}

/** A stored event with the running token total of its log. */
export interface CountedEvent extends StoredEvent {
  /** Tokens of the log from its first event through this one. */
  tokensThrough: number;
}

/** A range of seqs, both ends inclusive. */
export interface SeqRange {
  fromSeq: number;
  toSeq: number;
}

/** A range of seqs that is cut to a token budget from its end. */
export interface BudgetedRange extends SeqRange {
  /**
   * Selects the events whose running token total *before* them is at least this. They and all newer events of the range
   * fit the budget.
   */
  fromTokens: number;
}
