import type { MessageEvent } from '@fastpaca/messages';

/** Fields beside parts and `tool_calls` whose tokens are in the estimate of an event only, not in its `partTokens`. */
const OTHER_FIELDS = ['reasoning_content', 'refusal', 'audio', 'function_call', 'name'];

/**
 * The tokens of an event after something of it was removed or replaced. A count of the service is a sum: it loses what was removed. A
 * count of the caller (`token_count`) is in another unit: it shrinks in proportion.
 *
 * @param tokens of the event as it was
 * @param before tokens of its role, parts and tool calls, counted by the service
 * @param left the same of what is left
 */
export function reducedTokens(event: MessageEvent, tokens: number, before: number, left: number): number {
  if (typeof event.token_count !== 'number') return Math.max(0, tokens - before + left);
  return before > 0 ? Math.round((tokens * left) / before) : tokens;
}

/** How many of the tokens of the other fields are left when some are removed: by the lengths of the fields, which are rarely two. */
export function leftOfOtherFields(
  event: MessageEvent,
  tokens: number,
  removedFields: readonly string[],
): number {
  const chars = (fields: readonly string[]) =>
    fields.reduce(
      (sum, field) => sum + (event[field] === undefined ? 0 : JSON.stringify(event[field]).length),
      0,
    );
  const removed = chars(OTHER_FIELDS.filter((field) => removedFields.includes(field)));
  return removed > 0 ? Math.round(tokens * (1 - removed / chars(OTHER_FIELDS))) : tokens;
}
