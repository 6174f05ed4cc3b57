/** Whether it is an Error; one of another realm too, which `instanceof` misses: Node's own, inside a test runner. */
export function isError(value: unknown): value is Error {
  return value instanceof Error || Object.prototype.toString.call(value) === '[object Error]';
}
