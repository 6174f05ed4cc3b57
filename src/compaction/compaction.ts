import type { SeqRange } from '../events/stored-event.js';

/** A range of the log that a compaction replaces. */
export interface CompactedRange extends SeqRange {
  /** The version that the compaction gave the conversation; it identifies the compaction. */
  version: number;
}

/** What a compaction has done. */
export interface Compacted extends CompactedRange {
  /** Empty if the range cuts through no group. */
  warnings: CompactionWarning[];
}

/** The range cuts through a group: this is the nearest larger range that does not. */
export interface CompactionWarning extends SeqRange {
  code: 'splits_group';
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

/** A compaction that is not stored, with its messages. */
export interface UnstoredCompaction extends Compaction {
  summary: Summary;
}

export function isUnstored(compaction: Compaction | UnstoredCompaction): compaction is UnstoredCompaction {
  return 'summary' in compaction;
}

/** What a compaction would do. */
export interface CompactionPreview {
  /** The compactions that would be active, ascending and disjoint. */
  active: (Compaction | UnstoredCompaction)[];
  /** Those that `compact` would return. */
  warnings: CompactionWarning[];
}

/** The messages that replace a compacted range. */
export interface Summary {
  version: number;
  /** Compact JSON text of each replacement message. */
  messages: string[];
  messageTokens: number[];
  insertedAt: Date;
}
