/** A range of the log that a compaction replaces. */
export interface CompactedRange {
  /** The version that the compaction gave the conversation; it identifies the compaction. */
  version: number;
  fromSeq: number;
  toSeq: number;
}

/** A compaction as a change of its conversation. */
export interface CompactionChange extends CompactedRange {
  insertedAt: Date;
}

/** An active compaction without its messages. */
export interface Compaction extends CompactedRange {
  /** Tokens of its replacement messages. */
  tokenEstimate: number;
  /** Running token totals of the log, before `fromSeq` and through `toSeq`. */
  tokensBefore: number;
  tokensThrough: number;
}

/** The messages that replace a compacted range. */
export interface Summary {
  version: number;
  /** Compact JSON text of each replacement message. */
  messages: string[];
  messageTokens: number[];
  insertedAt: Date;
}
