import { messageJson } from '../events/event-json.js';
import type { StoredEvent } from '../events/stored-event.js';

export { messageJson };

/** One message of a window: its JSON text and what it costs. */
export interface WindowMessage {
  json: string;
  tokens: number;
}

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
