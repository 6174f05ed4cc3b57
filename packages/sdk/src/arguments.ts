/**
 * Refuses what JSON would quietly turn into `null`, which the service takes as absent: a guard that is `NaN` would be a lost
 * guard.
 *
 * @throws TypeError not a number; RangeError not an integer between the bounds
 */
export function requireInteger(
  name: string,
  value: unknown,
  min = Number.MIN_SAFE_INTEGER,
  max = Number.MAX_SAFE_INTEGER,
): void {
  if (typeof value !== 'number') throw new TypeError(`${name} must be a number, not ${kindOf(value)}`);
  if (Number.isSafeInteger(value) && value >= min && value <= max) return;
  const upTo = max === Number.MAX_SAFE_INTEGER ? '' : ` and at most ${max}`;
  const from = min === Number.MIN_SAFE_INTEGER ? '' : ` of at least ${min}`;
  throw new RangeError(`${name} must be an integer${from}${upTo}, not ${value}`);
}

/** The same of a value that may be left out. */
export function optionalInteger(name: string, value: unknown, min?: number, max?: number): void {
  if (value !== undefined) requireInteger(name, value, min, max);
}

/** What a value is, for a message. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : typeof value;
}
