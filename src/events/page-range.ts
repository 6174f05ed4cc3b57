import type { ConversationRecord } from '../conversations/conversation.js';
import type { SeqRange } from './stored-event.js';
import type { WithdrawnRange } from './withdrawn-ranges.js';

/** The part of the log that a caller wants: the events after a cursor, or a range of seqs. */
export type PageRequest = {
  /** Whether withdrawn events are in the page, marked, or left out; default `include`. */
  withdrawn?: 'include' | 'exclude' | undefined;
} & (
  | {
      /** The seq before the first event. */
      cursor: number;
      limit?: number | undefined;
      /** How long to wait for an event while no event is after the cursor; at most 55,000. */
      waitMs?: number | undefined;
    }
  | {
      /** Inclusive; negative counts from the end: -100 is the last 100. */
      fromSeq?: number | undefined;
      /** Inclusive. */
      toSeq?: number | undefined;
      limit?: number | undefined;
    }
);

/** The withdrawn events in the range of a page. */
export interface PageWithdrawals {
  /** The version that last changed which events of the conversation are withdrawn. */
  version: number;
  /** Ascending and disjoint. */
  ranges: readonly WithdrawnRange[];
  /** The events of the page, ascending; undefined if it also has the withdrawn ones. */
  kept?: readonly SeqRange[];
}

/** The seqs of a page; `toSeq` is before `fromSeq` if the page is empty. */
export interface PageRange extends SeqRange {
  /** Of the conversation. Within a history of the database it tells apart conversations that had the same id. */
  createdAt: Date;
  history: string;
  /** Only if events of the range are withdrawn. */
  withdrawn?: PageWithdrawals;
}

const MAX_PAGE_EVENTS = 1000;
const DEFAULT_CURSOR_PAGE_EVENTS = 100;

/** The range that a request selects from the log as the record describes it. */
export function pageRange(
  request: PageRequest,
  { lastSeq, createdAt, history }: ConversationRecord,
): PageRange {
  const { fromSeq, toSeq, limit } = requestedEvents(request, lastSeq);
  return { fromSeq, toSeq: Math.min(toSeq, fromSeq + limit - 1), createdAt, history };
}

/** What a request selects from a log, and how many of these events a page may have. */
export function requestedEvents(request: PageRequest, lastSeq: number): SeqRange & { limit: number } {
  if ('cursor' in request) {
    const limit = Math.min(request.limit ?? DEFAULT_CURSOR_PAGE_EVENTS, MAX_PAGE_EVENTS);
    return { fromSeq: request.cursor + 1, toSeq: lastSeq, limit };
  }
  const { fromSeq = 1, toSeq = lastSeq } = request;
  const isRange = request.fromSeq !== undefined || request.toSeq !== undefined;
  return {
    fromSeq: Math.max(1, fromSeq < 0 ? lastSeq + fromSeq + 1 : fromSeq),
    toSeq: Math.min(lastSeq, toSeq),
    limit: Math.min(
      request.limit ?? (isRange ? MAX_PAGE_EVENTS : DEFAULT_CURSOR_PAGE_EVENTS),
      MAX_PAGE_EVENTS,
    ),
  };
}
