import type { Violation } from './app-error.js';

/** Most violations that a response lists. */
export const MAX_LISTED = 100;

/** Longest name of an unknown field in a violation, in UTF-16 units. */
const MAX_NAME_CHARS = 100;

/**
 * Adds violations to `list`, at most one more than a response lists: that one shows that there are more. `found` may be a
 * generator; the rest of it is not computed then.
 *
 * @returns whether `list` accepts more violations
 */
export function addViolations(list: Violation[], found: Iterable<Violation>): boolean {
  for (const violation of found) {
    if (list.length > MAX_LISTED) return false;
    list.push(violation);
  }
  return list.length <= MAX_LISTED;
}

/** @param prefix path of the object that has the field, with a dot at its end */
export function unknownField(name: string, kind: 'field' | 'parameter' = 'field', prefix = ''): Violation {
  return { path: prefix + shortName(name), message: `is not a known ${kind}` };
}

/** A name that a caller has chosen, as violations have it. */
export function shortName(name: string): string {
  return name.slice(0, MAX_NAME_CHARS);
}

/** The fields of an object that are not among `names`. @param path of the object */
export function unknownFields(object: object, names: readonly string[], path: string): Violation[] {
  const unknown = Object.keys(object).filter((name) => !names.includes(name));
  return unknown.map((name) => unknownField(name, 'field', `${path}.`));
}
