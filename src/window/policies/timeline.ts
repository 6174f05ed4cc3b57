/** One part of an event: an object with a `type`, otherwise of any shape. */
export interface Part {
  type: string;
  [field: string]: unknown;
}

/** An event of the log that no active compaction covers. */
export interface LiveEvent {
  readonly seq: number;
  /** 1 for the oldest live event, counted without holes. */
  readonly position: number;
  readonly role: string;
  readonly parts: readonly Part[];
  readonly insertedAt: Date;
  /** What it costs of the budget, as it is. */
  readonly tokens: number;
  /** The same event with only the parts that `keep` accepts; undefined if none is left. */
  withParts(keep: (part: Part) => boolean): LiveEvent | undefined;
}

/** The live events of one conversation, as of one version. */
export interface Timeline {
  readonly lastSeq: number;
  /** How many live events there are. */
  readonly liveCount: number;
  /** The seq of the live event at `position` (1 … `liveCount`); computed, nothing is read. */
  seqAt(position: number): number;
  /** The position of the first live event inserted at or after `time`, `liveCount + 1` if there is none. One lookup. */
  firstSince(time: Date): Promise<number>;
  /** The live events, newest first, read in pages as they are asked for. */
  newestFirst(): AsyncIterable<LiveEvent>;
}
