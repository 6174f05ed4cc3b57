import { groupEvents, type OutlinedEvent } from '@fastpaca/messages';
import { MAX_GROUP_EVENTS } from '../events/events.service.js';
import { gapsBetween, newestRanges, oldestRanges, rangesBefore, rangesFrom } from '../events/seq-ranges.js';
import type { SeqRange } from '../events/stored-event.js';

/** A log and what of it is compacted. */
export interface CompactedLog {
  lastSeq: number;
  /** The ranges of the active compactions, ascending and disjoint. */
  active: readonly SeqRange[];
  /**
   * What is withdrawn, ascending and disjoint, each part within an active compaction. It belongs to no group: a range that covers it again
   * does not bring it back.
   */
  withdrawn: readonly SeqRange[];
}

/** Reads all events of some ranges (ascending), ascending. */
type ReadOutlines = (ranges: readonly SeqRange[]) => Promise<readonly OutlinedEvent[]>;

/**
 * How often a range is widened at most. It takes more than once only for groups that an earlier compaction has split, and for
 * groups that are longer than MAX_GROUP_EVENTS.
 */
const MAX_WIDENINGS = 8;

/**
 * The nearest range that contains `range` and cuts through no group and no active compaction; `range` itself if it cuts through
 * none. Its groups are those of the live events and of all events in the range: also of those that an active compaction in the
 * range covers, because the range replaces that compaction. Withdrawn events have no group. MAX_GROUP_EVENTS limits how far from its
 * ends groups are searched.
 *
 * @param range within the log; cuts through no active compaction
 */
export async function wholeRange(
  range: SeqRange,
  log: CompactedLog,
  readOutlines: ReadOutlines,
): Promise<SeqRange> {
  let whole = range;
  for (let widenings = 0; widenings < MAX_WIDENINGS; widenings += 1) {
    // No active compaction is cut: a group begins and ends with an event that is live or in the range.
    const wider = widened(whole, await groupsAtEnds(whole, log, readOutlines));
    if (isSameRange(wider, whole)) return whole;
    whole = wider;
  }
  return whole;
}

/** From the first to the last event of a range and of the groups that have events in it. */
function widened(range: SeqRange, groups: readonly SeqRange[]): SeqRange {
  return groups
    .filter(({ fromSeq, toSeq }) => fromSeq <= range.toSeq && toSeq >= range.fromSeq)
    .reduce(
      (wider, { fromSeq, toSeq }) => ({
        fromSeq: Math.min(wider.fromSeq, fromSeq),
        toSeq: Math.max(wider.toSeq, toSeq),
      }),
      range,
    );
}

export function isSameRange(one: SeqRange, other: SeqRange): boolean {
  return one.fromSeq === other.fromSeq && one.toSeq === other.toSeq;
}

/** The groups at both ends of a range. */
async function groupsAtEnds(
  range: SeqRange,
  { lastSeq, active, withdrawn }: CompactedLog,
  readOutlines: ReadOutlines,
): Promise<SeqRange[]> {
  const isOutside = ({ fromSeq, toSeq }: SeqRange) => toSeq < range.fromSeq || fromSeq > range.toSeq;
  const hidden = [...active.filter(isOutside), ...withdrawn.filter((each) => !isOutside(each))];
  hidden.sort((a, b) => a.fromSeq - b.fromSeq);
  const visible = gapsBetween(hidden, lastSeq);
  const groups: SeqRange[] = [];
  for (const cut of [range.fromSeq, range.toSeq + 1]) {
    const before = newestRanges(rangesBefore(visible, cut), MAX_GROUP_EVENTS);
    const after = oldestRanges(rangesFrom(visible, cut), MAX_GROUP_EVENTS);
    // Nothing is cut at the start and at the end of the log.
    if (before.length > 0 && after.length > 0)
      groups.push(...groupEvents(await readOutlines([...before, ...after])));
  }
  return groups;
}
