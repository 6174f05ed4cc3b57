/**
 * One part of an event: an object with a `type`, otherwise of any shape. Its value is the parsed JSON that the caller
 * sent. Do not modify it; `LiveEvent.withParts` leaves parts out.
 */
export interface Part {
  type: string;
  [field: string]: unknown;
}

/** An event of the log that no active compaction covers. */
export interface LiveEvent {
  /** Its seq in the log. Seqs of live events have gaps where compactions cover events. */
  readonly seq: number;
  /** Its position among the live events, without gaps: 1 is the oldest, `liveCount` the newest. */
  readonly position: number;
  readonly role: string;
  readonly parts: readonly Part[];
  /** By the database's clock. Never earlier than that of an older event. */
  readonly insertedAt: Date;
  /** Tokens that the event costs with these `parts`. */
  readonly tokens: number;
  /**
   * The same event with only the parts that `keep` accepts; undefined if it accepts none. Calls `keep` once per part,
   * in order. The event itself does not change.
   */
  withParts(keep: (part: Part) => boolean): LiveEvent | undefined;
  /** Whether the event is a message of the user that is more than tool results, so that a turn begins with it. */
  readonly startsTurn: boolean;
  /** The number of tool results in the event, in whatever dialect. */
  readonly toolResultCount: number;
  /**
   * The same event without what belongs to these kinds; undefined if nothing is left. A kind is a type of parts, or the beginning
   * of types followed by `*`. `tool*` also means the tool calls and results of every dialect, and `reasoning` the reasoning of
   * every dialect.
   *
   * @param follower the next live event after its own reduction. OpenAI Responses binds reasoning to the item that follows it: such
   * reasoning stays as long as its follower
   */
  withoutKinds(kinds: readonly string[], follower?: LiveEvent): LiveEvent | undefined;
  /**
   * The same event with a text in the place of the outputs of its first `count` tool results (default: all), each in its own
   * dialect: calls keep their results.
   */
  withReplacedOutputs(text: string, count?: number): Promise<LiveEvent>;
}

/** The live events of one conversation, as of one version. */
export interface Timeline {
  /** The last seq of the log, whether a compaction covers it or not; 0 for an empty log. */
  readonly lastSeq: number;
  /** The number of live events. */
  readonly liveCount: number;
  /** The seq of the live event at `position` (1 … `liveCount`); `lastSeq + 1` past the last. Reads nothing. */
  seqAt(position: number): number;
  /** The position of the first live event inserted at or after `time`; `liveCount + 1` if no event is that new. One lookup. */
  firstSince(time: Date): Promise<number>;
  /**
   * The newest live events, newest first, read in pages while the caller iterates. The scan ends after the event at
   * `oldestScannedPosition(liveCount)`, or before the event that would exceed `FASTPACA_WINDOW_LIMIT` bytes, but not
   * before the first event. So a policy that looks for something rare does not read the whole log.
   */
  newestFirst(): AsyncIterable<LiveEvent>;
}

/** Most events that `newestFirst` yields; reading so many takes about 20 ms (docs/decisions/014). */
const MAX_SCANNED_EVENTS = 4096;
/** The oldest scanned position moves in steps of this many live events, so it stays the same for as many appends. */
const SCAN_STEP_EVENTS = 512;

/** The position of the oldest live event that `newestFirst` yields: 1 + a multiple of 512. */
export function oldestScannedPosition(liveCount: number): number {
  const steps = Math.ceil((liveCount - MAX_SCANNED_EVENTS) / SCAN_STEP_EVENTS);
  return 1 + SCAN_STEP_EVENTS * Math.max(0, steps);
}
