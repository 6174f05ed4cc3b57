/** A compaction as a change of its conversation. */
export interface CompactedRange {
  /** The version it gave the conversation, and its key. */
  version: number;
  fromSeq: number;
  toSeq: number;
}

/** A compacted range, and when it was compacted. */
export interface CompactionChange extends CompactedRange {
  insertedAt: Date;
}

/** An active compaction, as the timeline of a window knows it; the messages are read apart. */
export interface Compaction extends CompactedRange {
  /** Tokens of its replacement messages. */
  tokenEstimate: number;
  /** Running token total of the log before `fromSeq`, and through `toSeq`. */
  tokensBefore: number;
  tokensThrough: number;
}

/** What stands in a window for a compacted range. */
export interface Summary {
  version: number;
  /** Compact JSON text of each replacement message. */
  messages: string[];
  messageTokens: number[];
  insertedAt: Date;
}
