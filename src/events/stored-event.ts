/** An event as the log holds it. */
export interface StoredEvent {
  seq: number;
  version: number;
  /** The event verbatim, as compact JSON text, without the fields the server owns. */
  body: string;
  tokenEstimate: number;
  /** Tokens of each part; null where there is one part only. */
  partTokens: number[] | null;
  insertedAt: Date;
}

/** An event with its place among the tokens of the log. */
export interface CountedEvent extends StoredEvent {
  /** The running token total of the log through it. */
  tokensThrough: number;
}

/** A run of seqs, both ends inclusive. */
export interface SeqRange {
  fromSeq: number;
  toSeq: number;
}

/** A run of the log, and the running token total from which on its events are wanted. */
export interface BudgetedRange extends SeqRange {
  /** An event is wanted if the total *before* it is at least this: then all of the run from there on fits. */
  fromTokens: number;
}
