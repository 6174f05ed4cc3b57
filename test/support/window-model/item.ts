import { eventTokens, estimate, messageTokens } from './tokens.js';

/** An event of the log, as `POST …/events` received it. */
export interface ModelEvent {
  seq: number;
  event: any;
  insertedAt: string;
}

/** An event, or a message of a summary, as it is at one stage of the computation. */
export interface Item {
  seq: number;
  /** The event as the log stores it. */
  stored: any;
  /** What is left of it. */
  event: any;
  /** Tokens of what is left. */
  tokens: number;
  /** Undefined for messages of summaries: the test does not know their time. */
  insertedAt: string | undefined;
}

export function itemOf({ seq, event, insertedAt }: Omit<Item, 'stored' | 'tokens'>): Item {
  const { content, ...fields } = event;
  const stored = content === undefined ? event : { ...fields, parts: [{ type: 'text', text: content }] };
  return { seq, stored, event: stored, tokens: eventTokens(stored), insertedAt };
}

/**
 * The item with other parts. Without a `token_count`, its tokens are the estimate of what is left; a `token_count` shrinks in
 * the proportion of the estimates of role and parts, at each stage.
 */
export function withParts(item: Item, parts: any[]): Item {
  const { role, parts: before } = item.event;
  const event = { ...item.event, parts };
  const proportion = messageTokens(role, parts) / messageTokens(role, before);
  const isCounted = item.event.token_count !== undefined;
  return { ...item, event, tokens: isCounted ? Math.round(item.tokens * proportion) : estimate(event) };
}

export function tokensOfAll(items: readonly { tokens: number }[]): number {
  return items.reduce((sum, { tokens }) => sum + tokens, 0);
}
