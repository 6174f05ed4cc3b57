import { parseOutline, type EventOutline, type OutlinedEvent } from '@fastpaca/messages';
import type { EventWithTotal, StoredOutline } from './stored-event.js';
import { storedOutline } from './stored-outline.js';

/** An event of the log as groups see it. */
export interface OutlinedLogEvent extends OutlinedEvent {
  tokens: number;
  /** The running token total of the log before the event. */
  tokensBefore: number;
}

export function outlined(event: EventWithTotal): OutlinedLogEvent {
  return outlinedLogEvent(event, storedOutline(event));
}

/** @param row with an outline of the current version */
export function outlinedRow(row: StoredOutline): OutlinedLogEvent {
  return outlinedLogEvent(row, parseOutline(row.outline) as EventOutline);
}

function outlinedLogEvent(
  { seq, tokenEstimate, tokensThrough }: Omit<StoredOutline, 'outline'>,
  outline: EventOutline,
): OutlinedLogEvent {
  return { seq, outline, tokens: tokenEstimate, tokensBefore: tokensThrough - tokenEstimate };
}
