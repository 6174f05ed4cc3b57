import type { ConversationRecord } from '../conversations/conversation.js';
import { pageRange, requestedEvents, type PageRange, type PageRequest } from './page-range.js';
import { gapsBetween, oldestRanges, rangesBefore, rangesFrom } from './seq-ranges.js';
import type { LoggedEvent, SeqRange, StoredEvent } from './stored-event.js';
import type { WithdrawnRange } from './withdrawn-ranges.js';

/** The range in which events may be withdrawn that matter for the page of a request. */
export function searchedRange(request: PageRequest, record: ConversationRecord): SeqRange {
  return request.withdrawn === 'exclude'
    ? requestedEvents(request, record.lastSeq)
    : pageRange(request, record);
}

/**
 * The range of a page in which withdrawn events are marked or left out. If they are left out, others take their place up to the limit,
 * so that only a page at the end of the request can be empty. The range then ends with the last event that was looked at.
 *
 * @param ranges the withdrawn parts of the searched range, ascending and disjoint
 */
export function pageRangeWith(
  request: PageRequest,
  record: ConversationRecord,
  ranges: readonly WithdrawnRange[],
): PageRange {
  const page = pageRange(request, record);
  const version = record.withdrawnVersion;
  if (version === null || ranges.length === 0) return page;
  if (request.withdrawn !== 'exclude') return { ...page, withdrawn: { version, ranges } };
  const { fromSeq, toSeq, limit } = requestedEvents(request, record.lastSeq);
  const others = rangesFrom(rangesBefore(gapsBetween(ranges, record.lastSeq), toSeq + 1), fromSeq);
  const kept = oldestRanges(others, limit);
  const isFull = countOf(kept) === limit;
  const end = isFull ? (kept.at(-1)?.toSeq ?? toSeq) : toSeq;
  return { ...page, toSeq: end, withdrawn: { version, ranges, kept } };
}

/** @param events ascending */
export function markWithdrawn(
  events: readonly StoredEvent[],
  ranges: readonly WithdrawnRange[],
): LoggedEvent[] {
  let next = 0;
  return events.map((event) => {
    while ((ranges[next]?.toSeq ?? Infinity) < event.seq) next += 1;
    const range = ranges[next];
    return range && range.fromSeq <= event.seq ? { ...event, withdrawnAtVersion: range.version } : event;
  });
}

export function countOf(ranges: readonly SeqRange[]): number {
  return ranges.reduce((count, { fromSeq, toSeq }) => count + toSeq - fromSeq + 1, 0);
}
