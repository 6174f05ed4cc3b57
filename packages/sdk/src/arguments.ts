/** The longest delay of a timer, in milliseconds. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Rejects values that JSON would silently turn into `null`, which the service treats as absent: `ifVersion: NaN` would be no check
 * at all.
 *
 * @throws TypeError not a number; RangeError not an integer within the bounds
 */
export function requireInteger(
  name: string,
  value: unknown,
  min = Number.MIN_SAFE_INTEGER,
  max = Number.MAX_SAFE_INTEGER,
): void {
  if (typeof value !== 'number') throw new TypeError(`${name} must be a number, not ${describeType(value)}`);
  if (Number.isSafeInteger(value) && value >= min && value <= max) return;
  const lowerBound = min === Number.MIN_SAFE_INTEGER ? '' : ` of at least ${min}`;
  const upperBound = max === Number.MAX_SAFE_INTEGER ? '' : ` and at most ${max}`;
  throw new RangeError(`${name} must be an integer${lowerBound}${upperBound}, not ${value}`);
}

/** As `requireInteger`, but the value may be undefined. */
export function optionalInteger(name: string, value: unknown, min?: number, max?: number): void {
  if (value !== undefined) requireInteger(name, value, min, max);
}

/** The type of a value, for an error message. */
export function describeType(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : typeof value;
}
