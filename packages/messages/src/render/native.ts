import { isObject } from '../event.js';

/** Whether an object has no other keys than these. Providers reject keys that they do not know. */
export function hasOnlyKeys(value: object, keys: readonly string[]): boolean {
  return Object.keys(value).every((key) => keys.includes(key));
}

/** Whether a value is an object of this `type` with no other keys than `type` and these. */
export function isBlock(value: unknown, type: string, keys: readonly string[]): boolean {
  return isObject(value) && value.type === type && hasOnlyKeys(value, ['type', ...keys]);
}
