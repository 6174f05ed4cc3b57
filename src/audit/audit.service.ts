import { Injectable } from '@nestjs/common';
import { requestFields } from '../common/logging/request-context.js';
import type { Executor } from '../database/database.js';
import type { AuditPage, NewAuditEntry } from './audit-entry.js';
import { AuditRepository } from './audit.repository.js';

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1000;

/** The audit log: who made, rotated and revoked keys, and who erased and exported conversations. */
@Injectable()
export class AuditService {
  constructor(private readonly entries: AuditRepository) {}

  /**
   * Records an entry in the transaction of what it records: both are stored, or neither. Adds the id of the current request.
   *
   * @param tx the transaction that changes the subject
   */
  record(tx: Executor, entry: NewAuditEntry): Promise<void> {
    return this.entries.insert(tx, entry, requestFields()?.request_id);
  }

  /**
   * A page of the entries of a namespace, newest first.
   *
   * @param cursor `nextCursor` of the page before; undefined: the newest entries
   * @param limit default 100; more than 1000 counts as 1000
   */
  async list(namespace: string, cursor?: string, limit = DEFAULT_LIMIT): Promise<AuditPage> {
    const size = Math.min(limit, MAX_LIMIT);
    const found = await this.entries.list(namespace, cursor, size + 1); // one more tells whether a next page exists
    const entries = found.slice(0, size);
    return { entries, nextCursor: found.length > size ? (entries.at(-1)?.id ?? null) : null };
  }
}
