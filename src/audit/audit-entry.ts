/** What the audit log records. Public API: add actions, never rename them. */
export const AUDIT_ACTIONS = [
  'key.created',
  'key.rotated',
  'key.revoked',
  'conversation.erased',
  'conversation.exported',
] as const;

export type AuditAction = (typeof AUDIT_ACTIONS)[number];

export interface NewAuditEntry {
  /** of the subject; its callers can read the entry */
  namespace: string;
  action: AuditAction;
  /** id of the conversation or of the key; never text of a message, never a key */
  subject: string;
  /** see `actorOf`; `command` for the command line, `ttl` for a conversation whose `ttl_seconds` have passed */
  actor: string;
  /** such as how many events were erased; default: none */
  details?: Readonly<Record<string, number>> | undefined;
}

export interface AuditEntry extends Required<NewAuditEntry> {
  /** UUID version 7: ids ascend with time */
  id: string;
  /** null outside of a request */
  requestId: string | null;
  recordedAt: Date;
}

export interface AuditPage {
  /** newest first */
  entries: AuditEntry[];
  /** id of the last entry; null if no older entry exists */
  nextCursor: string | null;
}
