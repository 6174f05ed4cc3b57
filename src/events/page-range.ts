import type { ConversationRecord } from '../conversations/conversation.js';
import type { SeqRange } from './stored-event.js';

/** The part of the log that a caller wants: the events after a cursor, or a range of seqs. */
export type PageRequest =
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
    };

/** The seqs of a page; `toSeq` is before `fromSeq` if the page is empty. */
export interface PageRange extends SeqRange {
  /** Of the conversation. Within a history of the database it tells apart conversations that had the same id. */
  createdAt: Date;
  history: string;
}

const MAX_PAGE_EVENTS = 1000;
const DEFAULT_CURSOR_PAGE_EVENTS = 100;

/** The range that a request selects from the log as the record describes it. */
export function pageRange(
  request: PageRequest,
  { lastSeq, createdAt, history }: ConversationRecord,
): PageRange {
  const { fromSeq, lastRequested, defaultLimit } = requestedRange(request, lastSeq);
  const limit = Math.min(request.limit ?? defaultLimit, MAX_PAGE_EVENTS);
  return { fromSeq, toSeq: Math.min(lastSeq, lastRequested, fromSeq + limit - 1), createdAt, history };
}

function requestedRange(request: PageRequest, lastSeq: number) {
  if ('cursor' in request)
    return {
      fromSeq: request.cursor + 1,
      lastRequested: lastSeq,
      defaultLimit: DEFAULT_CURSOR_PAGE_EVENTS,
    };
  const { fromSeq = 1, toSeq = lastSeq } = request;
  const isRange = request.fromSeq !== undefined || request.toSeq !== undefined;
  return {
    fromSeq: Math.max(1, fromSeq < 0 ? lastSeq + fromSeq + 1 : fromSeq),
    lastRequested: toSeq,
    defaultLimit: isRange ? MAX_PAGE_EVENTS : DEFAULT_CURSOR_PAGE_EVENTS,
  };
}
