import type { SeqRange } from './stored-event.js';

/** The ranges of the newest `count` events of `ranges` (ascending); all of them if they hold fewer. */
export function newestRanges(ranges: readonly SeqRange[], count: number): SeqRange[] {
  let events = 0;
  const start = ranges.findLastIndex(({ fromSeq, toSeq }) => (events += toSeq - fromSeq + 1) >= count);
  const [first, ...rest] = ranges.slice(Math.max(0, start));
  return first ? [{ ...first, fromSeq: first.fromSeq + Math.max(0, events - count) }, ...rest] : [];
}

/** The ranges of the oldest `count` events of `ranges` (ascending); all of them if they hold fewer. */
export function oldestRanges(ranges: readonly SeqRange[], count: number): SeqRange[] {
  let events = 0;
  const end = ranges.findIndex(({ fromSeq, toSeq }) => (events += toSeq - fromSeq + 1) >= count);
  const oldest = end < 0 ? [...ranges] : ranges.slice(0, end + 1);
  const last = oldest.pop();
  return last ? [...oldest, { ...last, toSeq: last.toSeq - Math.max(0, events - count) }] : [];
}

/** What of `ranges` (ascending) is before `seq`. */
export function rangesBefore<Range extends SeqRange>(ranges: readonly Range[], seq: number): Range[] {
  return ranges
    .filter(({ fromSeq }) => fromSeq < seq)
    .map((range) => (range.toSeq < seq ? range : { ...range, toSeq: seq - 1 }));
}

/** What of `ranges` (ascending) is at or after `seq`. */
export function rangesFrom<Range extends SeqRange>(ranges: readonly Range[], seq: number): Range[] {
  return ranges
    .filter(({ toSeq }) => toSeq >= seq)
    .map((range) => (range.fromSeq >= seq ? range : { ...range, fromSeq: seq }));
}

/** A range between two others; undefined at the start and at the end of the log. */
interface Gap<Range> extends SeqRange {
  previous: Range | undefined;
  next: Range | undefined;
}

/** What lies before, between and after `ranges` (ascending and disjoint) in a log, ascending; none is empty. */
export function gapsBetween<Range extends SeqRange>(ranges: readonly Range[], lastSeq: number): Gap<Range>[] {
  return [...ranges, undefined]
    .map((next, index) => {
      const previous = ranges[index - 1];
      return {
        fromSeq: (previous?.toSeq ?? 0) + 1,
        toSeq: (next?.fromSeq ?? lastSeq + 1) - 1,
        previous,
        next,
      };
    })
    .filter(({ fromSeq, toSeq }) => fromSeq <= toSeq);
}
