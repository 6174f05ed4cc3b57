/** The scopes of Fastpaca's own routes. Every route under `/v1` requires exactly one of them. */
export const SCOPES = [
  'conversations:read',
  'conversations:write',
  'events:read',
  'events:append',
  'window:read',
  'compaction:write',
  'keys:write',
  'events:import',
  'conversations:erase',
  'audit:read',
] as const;

export type Scope = (typeof SCOPES)[number];
