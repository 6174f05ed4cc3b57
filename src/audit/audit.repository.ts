import { Injectable } from '@nestjs/common';
import { jsonValue } from '../common/json/json-value.js';
import { Database, type Executor } from '../database/database.js';
import type { AuditEntry, NewAuditEntry } from './audit-entry.js';
import { INSERT_AUDIT_ENTRY, LIST_AUDIT_ENTRIES } from './audit.sql.js';

/** The table `audit_entries`. A trigger rejects UPDATE and DELETE. */
@Injectable()
export class AuditRepository {
  constructor(private readonly database: Database) {}

  async insert(
    tx: Executor,
    { namespace, action, subject, actor, details = {} }: NewAuditEntry,
    requestId: string | undefined,
  ): Promise<void> {
    await tx.query(INSERT_AUDIT_ENTRY, [
      namespace,
      action,
      subject,
      actor,
      requestId,
      JSON.stringify(details),
    ]);
  }

  /** Newest first. @param before id of an entry; undefined: from the newest on */
  async list(namespace: string, before: string | undefined, limit: number): Promise<AuditEntry[]> {
    const rows = await this.database.query<Omit<AuditEntry, 'details'> & { details: string }>(
      LIST_AUDIT_ENTRIES,
      [namespace, before, limit],
    );
    return rows.map((row) => ({ ...row, details: jsonValue(row.details) as Record<string, number> }));
  }
}
