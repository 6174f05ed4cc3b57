import { outlineOf, parseOutline, type EventOutline, type MessageEvent } from '@fastpaca/messages';
import { jsonValue } from '../common/json/json-value.js';
import type { StoredEvent } from './stored-event.js';

/** Outlines of events that were stored before outlines, or with those of another version. */
const workedOut = new WeakMap<object, EventOutline>();

/** The outline of a stored event. It is worked out from the body if the stored one is missing or of another version. */
export function storedOutline(event: Pick<StoredEvent, 'outline' | 'body'>): EventOutline {
  const outline = parseOutline(event.outline) ?? workedOut.get(event);
  if (outline) return outline;
  const fromBody = outlineOf(jsonValue(event.body) as MessageEvent);
  workedOut.set(event, fromBody);
  return fromBody;
}
