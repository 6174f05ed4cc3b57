/** Whether two values have the same JSON. The order of keys is ignored, and an undefined field equals a missing one. */
export function isSameJson(one: unknown, other: unknown): boolean {
  if (!isObjectOrArray(one) || !isObjectOrArray(other)) return one === other;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
  return Array.from(keys).every((key) => isSameJson(one[key], other[key]));
}

function isObjectOrArray(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
