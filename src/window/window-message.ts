import { member, objectMembers } from '../common/json/json-scanner.js';
import type { StoredEvent } from '../events/stored-event.js';

/** One message of a window: its JSON text and what it costs. */
export interface WindowMessage {
  json: string;
  tokens: number;
}

/** What of an event's body a model is given, in this order. */
const CARRIED = ['role', 'parts', 'id', 'metadata'];

/** Messages of whole events, made once for as long as the event is remembered. */
const wholeMessages = new WeakMap<StoredEvent, string>();

/** A whole event of the log as a message. */
export function eventMessageJson(event: StoredEvent): string {
  let json = wholeMessages.get(event);
  if (json === undefined) {
    json = messageJson({ seq: event.seq }, event.body, event.insertedAt);
    wholeMessages.set(event, json);
  }
  return json;
}

/**
 * Writes a message from the event's own text, so that it goes out as it came in.
 *
 * @param numbers `seq`, and for a summary `from_seq` and `to_seq`
 * @param parts JSON text that takes the place of the body's `parts`, where some were left out
 */
export function messageJson(
  numbers: Record<string, number>,
  body: string,
  insertedAt: Date,
  parts?: string,
): string {
  const members = objectMembers(body);
  const fields = Object.entries(numbers).map(([name, value]) => `"${name}":${value}`);
  for (const name of CARRIED) {
    const value = name === 'parts' && parts !== undefined ? parts : member(members, name);
    if (value !== undefined && value !== 'null') fields.push(`"${name}":${value}`);
  }
  return `{${fields.join(',')},"inserted_at":"${insertedAt.toISOString()}"}`;
}
