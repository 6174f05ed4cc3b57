import { member, objectMembers } from '../common/json/json-scanner.js';
import type { StoredEvent } from './stored-event.js';

/*
 * The JSON of an event, for the log, the stream and the window. It is spliced from the stored text: parsing would lose
 * the order of keys and the spelling of numbers, and costs time.
 */

/** The fields of an event that a model receives, in this order. */
const MESSAGE_FIELDS = ['role', 'parts', 'id', 'metadata'];

/** The event with all server fields, as a page of the log returns it. */
export function loggedEventJson(event: StoredEvent): string {
  return `{"seq":${event.seq},"version":${event.version},${storedFields(event)}}`;
}

/** The event inside a stream frame. `seq` and `version` are fields of the frame. */
export function streamedEventJson(event: StoredEvent): string {
  return `{${storedFields(event)}}`;
}

/**
 * A message of a window, from the text of an event or of a replacement message. Fields that are absent or null are left
 * out.
 *
 * @param seqs `seq`; for a summary also `from_seq` and `to_seq`
 * @param parts JSON text that replaces `parts` of the body, if some of its parts are left out
 */
export function messageJson(
  seqs: Record<string, number>,
  body: string,
  insertedAt: Date,
  parts?: string,
): string {
  const members = objectMembers(body);
  const fields = Object.entries(seqs).map(([name, value]) => `"${name}":${value}`);
  for (const name of MESSAGE_FIELDS) {
    const value = name === 'parts' && parts !== undefined ? parts : member(members, name);
    if (value !== undefined && value !== 'null') fields.push(`"${name}":${value}`);
  }
  return `{${fields.join(',')},${insertedAtField(insertedAt)}}`;
}

/** The caller's fields as they were sent, then those of the server. */
function storedFields({ body, tokenEstimate, insertedAt }: StoredEvent): string {
  return `${body.slice(1, -1)},"token_estimate":${tokenEstimate},${insertedAtField(insertedAt)}`;
}

function insertedAtField(insertedAt: Date): string {
  return `"inserted_at":"${insertedAt.toISOString()}"`;
}
