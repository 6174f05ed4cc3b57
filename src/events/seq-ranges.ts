import type { SeqRange } from './stored-event.js';

/** The newest of `ranges` (ascending) that hold at least `count` events together; all of them if they hold fewer. */
export function newestRanges(ranges: readonly SeqRange[], count: number): SeqRange[] {
  let events = 0;
  const start = ranges.findLastIndex(({ fromSeq, toSeq }) => (events += toSeq - fromSeq + 1) >= count);
  return ranges.slice(Math.max(0, start));
}

/** What of `ranges` (ascending) is before `seq`. */
export function rangesBefore<Range extends SeqRange>(ranges: readonly Range[], seq: number): Range[] {
  return ranges
    .filter(({ fromSeq }) => fromSeq < seq)
    .map((range) => (range.toSeq < seq ? range : { ...range, toSeq: seq - 1 }));
}
