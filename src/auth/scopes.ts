/** What a key may be allowed to do; every route under `/v1` asks for exactly one of them. */
export const SCOPES = [
  'conversations:read',
  'conversations:write',
  'events:read',
  'events:append',
  'window:read',
  'compaction:write',
] as const;

export type Scope = (typeof SCOPES)[number];
