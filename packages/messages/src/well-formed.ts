import { isObject, type MessageEvent } from './event.js';

/**
 * Replaces every lone surrogate in the texts of a message by U+FFFD. Providers reject text that is not well-formed Unicode.
 * The metadata of a message, which no provider receives, stay as they are.
 *
 * @returns the same object if it has no lone surrogate; otherwise a copy that shares everything that did not change
 */
export function wellFormedEvent(event: MessageEvent): MessageEvent {
  if (isWellFormed(event)) return event;
  const { metadata, ...message } = event;
  const copy = wellFormed(message);
  return copy === message ? event : { ...copy, ...(metadata !== undefined && { metadata }) };
}

/** The same for any JSON value. */
export function wellFormed<Value>(value: Value): Value {
  return isWellFormed(value) ? value : (replaced(value) as Value);
}

function replaced(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed();
  if (Array.isArray(value)) {
    const copy = value.map(replaced);
    return copy.some((each, index) => each !== value[index]) ? copy : value;
  }
  if (!isObject(value)) return value;
  const entries = Object.entries(value).map(([key, each]) => [key.toWellFormed(), replaced(each)] as const);
  const isChanged = entries.some(([key, each]) => !Object.hasOwn(value, key) || each !== value[key]);
  return isChanged ? Object.fromEntries(entries) : value;
}

/** Without allocations: most messages are well-formed, and this is on the path of every window. */
function isWellFormed(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) {
    for (const each of value) if (!isWellFormed(each)) return false;
    return true;
  }
  for (const key in value)
    if (!key.isWellFormed() || !isWellFormed((value as Record<string, unknown>)[key])) return false;
  return true;
}
