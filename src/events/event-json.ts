import { objectMembers, objectText } from '../common/json/json-scanner.js';
import type { LoggedEvent, SeqRange, StoredEvent } from './stored-event.js';

/*
 * The JSON of an event, for the log, the stream and the window. It is spliced from the stored text: parsing would lose
 * the order of keys and the spelling of numbers, and costs time.
 */

/** The event with all server fields, as a page of the log returns it. */
export function loggedEventJson(event: LoggedEvent): string {
  const { seq, version, withdrawnAtVersion } = event;
  const withdrawn = withdrawnAtVersion === undefined ? '' : `,"withdrawn_at_version":${withdrawnAtVersion}`;
  return `{"seq":${seq},"version":${version},${storedFields(event)}${withdrawn}}`;
}

/** The event inside a stream frame. `seq` and `version` are fields of the frame. */
export function streamedEventJson(event: StoredEvent): string {
  return `{${storedFields(event)}}`;
}

/** A message of a window: the event with its seq and time. */
export function messageJson(seq: number, body: string, insertedAt: Date): string {
  return `{"seq":${seq},${body.slice(1, -1)}${messageEnd(insertedAt)}`;
}

/** What `messageEnd` has returned last, and for which time. */
let lastEnd = { timeMs: NaN, text: '' };

/** The events of a turn have the same time. One text for all of them is cheaper than to format it again. */
function messageEnd(insertedAt: Date): string {
  const timeMs = insertedAt.getTime();
  if (timeMs !== lastEnd.timeMs) lastEnd = { timeMs, text: `,${insertedAtField(insertedAt)}}` };
  return lastEnd.text;
}

/** A message of a summary. `from_seq` and `to_seq` are those of its range, whatever the replacement message has. */
export function summaryMessageJson({ fromSeq, toSeq }: SeqRange, body: string, insertedAt: Date): string {
  const own = objectMembers(body).filter(({ key }) => key !== 'from_seq' && key !== 'to_seq');
  const seqs = `"seq":${fromSeq},"from_seq":${fromSeq},"to_seq":${toSeq}`;
  return `{${seqs},${objectText(own).slice(1, -1)},${insertedAtField(insertedAt)}}`;
}

/** The caller's fields as they were sent, then those of the server. */
function storedFields({ body, tokenEstimate, insertedAt }: StoredEvent): string {
  return `${body.slice(1, -1)},"token_estimate":${tokenEstimate},${insertedAtField(insertedAt)}`;
}

function insertedAtField(insertedAt: Date): string {
  return `"inserted_at":"${insertedAt.toISOString()}"`;
}
