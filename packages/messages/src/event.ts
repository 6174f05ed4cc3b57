/** Who wrote a message. */
export type Role = 'system' | 'developer' | 'user' | 'assistant' | 'tool';

/** One part of an event: an object with a `type`, otherwise of any shape. Never modified. */
export interface Part {
  type: string;
  [field: string]: unknown;
}

/**
 * An event as the log stores it: `role`, `parts`, and the fields that the caller sent beside them, such as `tool_calls`,
 * `tool_call_id`, `name` or `providerOptions`. Never modified.
 */
export interface MessageEvent {
  role: Role;
  parts: readonly Part[];
  [field: string]: unknown;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The first of the values that is a string and not empty. */
export function firstString(...values: unknown[]): string | undefined {
  return values.find((value): value is string => typeof value === 'string' && value !== '');
}
