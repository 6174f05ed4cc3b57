import type { SeqRange } from '../events/stored-event.js';

/** A range of the log that a compaction replaces. */
export interface CompactedRange extends SeqRange {
  /** The version that the compaction gave the conversation; it identifies the compaction. */
  version: number;
}

/** Events to be withdrawn. */
export interface Withdrawal {
  fromSeq: number;
  /** Default: the last event of the log when the withdrawal is stored. */
  toSeq?: number | undefined;
  /** The version that the caller believes current; undefined skips the check. */
  ifVersion?: number | undefined;
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
  /** It has no messages. */
  withdrawn: boolean;
  /** The change is the undo of the compaction of this version; null for a compaction. */
  undoes: number | null;
  insertedAt: Date;
}

/** A compaction, active or not, as a list has it. */
export interface ListedCompaction extends CompactedRange {
  insertedAt: Date;
  /** It is a withdrawal: it has no messages. */
  withdrawn: boolean;
  /** Tokens of its replacement messages. */
  tokenEstimate: number;
  /** The version of the compaction that has replaced it; null while it is active, and if it was undone. */
  replacedAt: number | null;
  /** The version that undid it; null if none did. */
  undoneAt: number | null;
}

export interface CompactionPageRequest {
  /** The version before which the page begins, the newest first. Default: the newest compaction. */
  cursor?: number | undefined;
  /** At most 1000; default 100. */
  limit?: number | undefined;
}

export interface CompactionPage {
  /** Newest first. `replacement` is a JSON array of the messages. */
  compactions: (ListedCompaction & { replacement: string })[];
  /** The version of the last one; null if there are no more. */
  nextCursor: number | null;
}

/** An active compaction without its messages. */
export interface Compaction extends CompactedRange {
  /** It is a withdrawal: it has no messages. */
  withdrawn: boolean;
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
