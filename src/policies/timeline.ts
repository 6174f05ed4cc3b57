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
  /**
   * The newest live events, newest first, read in pages as they are asked for. Ends after the event at
   * `firstScanned(liveCount)`, and at most `FASTPACA_WINDOW_LIMIT` bytes of events back, after at least one event. So a
   * policy that looks for something does not search the whole log.
   */
  newestFirst(): AsyncIterable<LiveEvent>;
}

/** Most events that `newestFirst` gives: about 20 ms of reading. */
export const MAX_SCANNED_EVENTS = 4096;
/** The start of a scan moves by this many live events at a time, so that it stands still for as many appends. */
const SCAN_STEP_EVENTS = 512;

/** The position of the oldest live event that `newestFirst` gives: 1 + a multiple of 512. */
export function firstScanned(liveCount: number): number {
  const steps = Math.ceil((liveCount - MAX_SCANNED_EVENTS) / SCAN_STEP_EVENTS);
  return 1 + SCAN_STEP_EVENTS * Math.max(0, steps);
}
