/** The scopes of Fastpaca's own routes. Every route under `/v1` requires exactly one of them. */
export const SCOPES = [
  'conversations:read',
  'conversations:write',
  'conversations:erase',
  'events:read',
  'events:append',
  'window:read',
  'compaction:write',
] as const;

export type Scope = (typeof SCOPES)[number];
