import type { SeqRange } from '../events/stored-event.js';

/** A run of the log with the running token total before it and through it. */
export interface TokenRun extends SeqRange {
  tokensBefore: number;
  tokensThrough: number;
}

/** The runs of a log that no active compaction covers, with what can be computed of them without reading events. */
export class LiveRuns {
  /** Ascending, none empty. */
  readonly runs: readonly TokenRun[];
  /** Live events before each run. */
  private readonly before: readonly number[];
  readonly count: number;

  /** @param covered the ranges of the active compactions, ascending and disjoint */
  constructor(
    readonly lastSeq: number,
    tokensTotal: number,
    covered: readonly TokenRun[],
  ) {
    const runs: TokenRun[] = [];
    const before: number[] = [];
    const end = {
      fromSeq: lastSeq + 1,
      toSeq: lastSeq + 1,
      tokensBefore: tokensTotal,
      tokensThrough: tokensTotal,
    };
    let count = 0;
    let last = { toSeq: 0, tokensThrough: 0 };
    for (const next of [...covered, end]) {
      const fromSeq = last.toSeq + 1;
      if (next.fromSeq > fromSeq) {
        const { tokensThrough: tokensBefore } = last;
        runs.push({ fromSeq, toSeq: next.fromSeq - 1, tokensBefore, tokensThrough: next.tokensBefore });
        before.push(count);
        count += next.fromSeq - fromSeq;
      }
      last = next;
    }
    this.runs = runs;
    this.before = before;
    this.count = count;
  }

  /** The seq of the live event at `position`; `lastSeq + 1` past the last. */
  seqAt(position: number): number {
    if (position > this.count) return this.lastSeq + 1;
    const index = this.before.findLastIndex((before) => before < position);
    return (this.runs[index]?.fromSeq ?? 1) + position - (this.before[index] ?? 0) - 1;
  }

  /** The position of the first live event at or after `seq`; `count + 1` if there is none. */
  positionOf(seq: number): number {
    const index = this.runs.findIndex(({ toSeq }) => toSeq >= seq);
    const run = this.runs[index];
    return run ? (this.before[index] ?? 0) + Math.max(0, seq - run.fromSeq) + 1 : this.count + 1;
  }

  /** The runs from `seq` on; the first may begin before it. */
  from(seq: number): TokenRun[] {
    return this.runs.filter(({ toSeq }) => toSeq >= seq);
  }
}
