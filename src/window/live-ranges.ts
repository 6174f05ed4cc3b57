import { gapsBetween } from '../events/seq-ranges.js';
import type { SeqRange } from '../events/stored-event.js';

/** A range of the log, with the running token total of the log before it and through it. */
export interface TokenRange extends SeqRange {
  tokensBefore: number;
  tokensThrough: number;
}

/** The ranges of a log that no active compaction and no pinned event covers. Converts between seqs and positions without reading events. */
export class LiveRanges {
  /** Ascending; none is empty, and a compaction or a pinned event lies between any two. */
  readonly ranges: readonly TokenRange[];
  /** The number of live events. */
  readonly count: number;
  /** The number of live events before each range. */
  private readonly countBefore: readonly number[];

  /** @param covered the ranges of the active compactions and of pinned events, ascending and disjoint */
  constructor(
    readonly lastSeq: number,
    tokensTotal: number,
    covered: readonly TokenRange[],
  ) {
    const countBefore: number[] = [];
    let count = 0;
    this.ranges = gapsBetween(covered, lastSeq).map(({ fromSeq, toSeq, previous, next }) => ({
      fromSeq,
      toSeq,
      tokensBefore: previous?.tokensThrough ?? 0,
      tokensThrough: next?.tokensBefore ?? tokensTotal,
    }));
    for (const { fromSeq, toSeq } of this.ranges) {
      countBefore.push(count);
      count += toSeq - fromSeq + 1;
    }
    this.countBefore = countBefore;
    this.count = count;
  }

  /** The seq of the live event at `position` (from 1 on); `lastSeq + 1` past the last. */
  seqAt(position: number): number {
    if (position > this.count) return this.lastSeq + 1;
    const index = this.countBefore.findLastIndex((before) => before < position);
    return (this.ranges[index]?.fromSeq ?? 1) + position - (this.countBefore[index] ?? 0) - 1;
  }

  /** The position of the first live event at or after `seq`; `count + 1` if no live event follows. */
  positionOf(seq: number): number {
    const index = this.ranges.findIndex(({ toSeq }) => toSeq >= seq);
    const range = this.ranges[index];
    if (!range) return this.count + 1;
    return (this.countBefore[index] ?? 0) + Math.max(0, seq - range.fromSeq) + 1;
  }

  /** Whether the event `seq` is live. */
  includes(seq: number): boolean {
    const range = this.ranges.find(({ toSeq }) => toSeq >= seq);
    return range !== undefined && range.fromSeq <= seq;
  }

  /** The ranges with an event at or after `seq`, each as a whole: the first may begin before `seq`. */
  reaching(seq: number): TokenRange[] {
    return this.ranges.filter(({ toSeq }) => toSeq >= seq);
  }
}
