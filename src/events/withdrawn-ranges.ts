import type { SeqRange } from './stored-event.js';

/** A range of the log that was withdrawn. */
export interface WithdrawnRange extends SeqRange {
  /** The version of the withdrawal. */
  version: number;
}

/**
 * The withdrawn parts of a log, ascending and disjoint, each with the version that withdrew it first.
 *
 * @param withdrawals two of them are disjoint, or the later one contains the earlier one
 */
export function disjointRanges(withdrawals: readonly WithdrawnRange[]): WithdrawnRange[] {
  const outerFirst = withdrawals.toSorted(
    (a, b) => a.fromSeq - b.fromSeq || b.toSeq - a.toSeq || b.version - a.version,
  );
  const disjoint: WithdrawnRange[] = [];
  /** The ranges that the sweep is in, the outermost first. */
  const open: WithdrawnRange[] = [];
  let fromSeq = 1;
  const add = (toSeq: number) => {
    const version = open.at(-1)?.version;
    if (version !== undefined && fromSeq <= toSeq) disjoint.push({ fromSeq, toSeq, version });
    fromSeq = toSeq + 1;
  };
  const closeBefore = (seq: number) => {
    for (let last = open.at(-1); last && last.toSeq < seq; last = open.at(-1)) {
      add(last.toSeq);
      open.pop();
    }
  };
  for (const range of outerFirst) {
    closeBefore(range.fromSeq);
    add(range.fromSeq - 1);
    open.push(range);
  }
  closeBefore(Infinity);
  return disjoint;
}
