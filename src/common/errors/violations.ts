import type { Violation } from './app-error.js';

/** Most violations that an answer lists. */
export const MAX_LISTED = 100;

/**
 * Adds violations to `list`, at most one more than an answer lists: with that one it is known that there are more, and
 * the rest of `found`, which may be a generator, is not looked for.
 *
 * @returns whether more would be of use
 */
export function addViolations(list: Violation[], found: Iterable<Violation>): boolean {
  for (const violation of found) {
    if (list.length > MAX_LISTED) return false;
    list.push(violation);
  }
  return list.length <= MAX_LISTED;
}
