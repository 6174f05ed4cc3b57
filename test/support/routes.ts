/** A valid event. */
export const EVENT = { role: 'user', content: 'hello' };

/** Every route of a conversation except the stream, with a valid body. */
export const ROUTES: readonly [method: string, rest: string, body?: Record<string, unknown>][] = [
  ['PUT', '', { token_budget: 100 }],
  ['PUT', '', { trigger_ratio: 0.5 }],
  ['GET', ''],
  ['PATCH', '/metadata', { metadata: { a: 1 } }],
  ['POST', '/events', { event: EVENT }],
  ['GET', '/events'],
  ['GET', '/window'],
  ['POST', '/window/preview', { token_budget: 100 }],
  ['POST', '/compact', { from_seq: 1, to_seq: 1, replacement: [EVENT] }],
  ['DELETE', ''],
];

export const ROUTES_WITH_BODY = ROUTES.filter(([, , body]) => body);
