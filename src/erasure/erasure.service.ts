import { setTimeout as delay } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { AuditService } from '../audit/audit.service.js';
import { CalibrationService } from '../calibration/calibration.service.js';
import type { ConversationId } from '../common/conversation-id.js';
import { UnavailableError } from '../common/errors/common.errors.js';
import { Semaphore } from '../common/semaphore.js';
import { withTimeLimit } from '../common/time-limit.js';
import { CompactionErasure } from '../compaction/compaction-erasure.js';
import { AppConfig } from '../config/app-config.js';
import { ConversationChanges } from '../conversations/conversation-changes.js';
import { ConversationNotFoundError } from '../conversations/conversations.errors.js';
import { ErasureRecords, type ErasedContent, type ErasureRecord } from '../conversations/erasure-records.js';
import { Database, type Executor } from '../database/database.js';
import { LogErasure } from '../events/log-erasure.js';
import { Lifecycle } from '../lifecycle/lifecycle.js';
import { TextDigest } from './text-digest.js';

/** What was erased, and when. */
export interface ErasureReceipt extends ErasedContent {
  id: string;
  erasedAt: Date;
}

/** Rows of an erased conversation with text. Reads and deletes them in the order of a number that each of them has. */
interface ErasableRows {
  texts(id: ConversationId): AsyncIterable<string>;
  /** Deletes some rows after `after`. @returns the number of the last one; undefined if there was none */
  deleteBatch(id: ConversationId, after: number): Promise<number | undefined>;
}

/** Reads that began before the conversation was marked have so long to end before rows are deleted, in milliseconds. */
const READS_END_MS = 1000;
/** Erasures that read or delete at a time, on this node. Each uses one connection, for less than half of the time. */
const MAX_RUNNING = 2;
/** Erases conversations whose `ttl_seconds` have passed, in the audit log. */
const TTL_ACTOR = 'ttl';
/** A response is sent at least so long before the time limit of the request, in milliseconds. */
const RESPONSE_MS = 500;

/**
 * Erases conversations. First one statement marks the conversation: from then on, every request for it is a 410. Then its rows are counted
 * and deleted in small batches. All steps may be repeated, by the caller or by `ErasureSweeper`.
 */
@Injectable()
export class ErasureService {
  /** By the key of the conversation. */
  private readonly running = new Map<string, Promise<ErasureReceipt>>();
  private readonly slots = new Semaphore(MAX_RUNNING, 0, '');

  constructor(
    private readonly records: ErasureRecords,
    private readonly log: LogErasure,
    private readonly compactions: CompactionErasure,
    private readonly calibrations: CalibrationService,
    private readonly database: Database,
    private readonly changes: ConversationChanges,
    private readonly audit: AuditService,
    private readonly lifecycle: Lifecycle,
    private readonly config: AppConfig,
  ) {}

  /**
   * Erases the conversation: its events, compactions, metadata, settings and idempotency keys. Its id stays, and cannot be used again. May
   * be called again, also for a deleted conversation: the receipt is the same.
   *
   * @param actor who erases, as the audit log names them; see `actorOf`
   * @returns the receipt, when all text is deleted from the tables
   * @throws ConversationNotFoundError (404)
   * @throws UnavailableError (503) the conversation is erased for every caller, but its text is still being deleted; a later call
   *   returns the receipt
   */
  async erase(id: ConversationId, actor: string): Promise<ErasureReceipt> {
    const version = await this.database.transaction(async (tx) => {
      const marked = await this.records.mark(tx, id);
      if (marked !== undefined) await this.recordErasure(tx, id, actor);
      return marked;
    });
    if (version !== undefined) this.changes.publishCommit({ id, version, kind: 'erasure' });
    const { requestTimeoutMs } = this.config;
    const waitMs = Math.max(requestTimeoutMs - RESPONSE_MS, requestTimeoutMs / 2);
    return withTimeLimit(
      this.deleteTexts(id),
      waitMs,
      () =>
        new UnavailableError(
          'The conversation is erased, and its text is still being deleted; repeat the request for the receipt',
        ),
    );
  }

  /**
   * Erases conversations whose time to live has passed. Resolves when their texts are deleted.
   *
   * @param limit at how many to look
   * @returns at how many it has looked
   *
   * @internal
   */
  async eraseExpired(limit: number): Promise<number> {
    const { expired, looked } = await this.database.transaction(async (tx) => {
      const marked = await this.records.markExpired(tx, limit);
      for (const { id } of marked.expired) await this.recordErasure(tx, id, TTL_ACTOR);
      return marked;
    });
    for (const { id, version } of expired) this.changes.publishCommit({ id, version, kind: 'erasure' });
    await Promise.all(expired.map(({ id }) => this.deleteTexts(id)));
    return looked;
  }

  /**
   * Deletes the texts of a conversation that is marked as erased, or what is left of them. Resolves when nothing is left.
   *
   * @internal
   */
  deleteTexts(id: ConversationId): Promise<ErasureReceipt> {
    const { key } = id;
    const running = this.running.get(key) ?? this.run(id).finally(() => this.running.delete(key));
    this.running.set(key, running);
    return running;
  }

  private recordErasure(tx: Executor, { namespace, id }: ConversationId, actor: string): Promise<void> {
    return this.audit.record(tx, { namespace, action: 'conversation.erased', subject: id, actor });
  }

  private async run(id: ConversationId): Promise<ErasureReceipt> {
    const record = await this.records.find(id);
    if (!record?.erasedAt) throw new ConversationNotFoundError();
    if (record.isComplete) return receiptOf(id, record);
    if (!record.content) await delay(READS_END_MS);
    return this.slots.run(async () => {
      // Rows are deleted only after their number and digest are stored.
      if (!record.content) await this.records.save(id, await this.count(id));
      await this.deleteAll(this.log, id);
      await this.deleteAll(this.compactions, id);
      await this.calibrations.forget(id);
      return receiptOf(id, await this.records.complete(id));
    });
  }

  private async count(id: ConversationId): Promise<ErasedContent> {
    const digest = new TextDigest();
    for await (const text of this.log.texts(id)) digest.add(text);
    const events = digest.texts;
    for await (const text of this.compactions.texts(id)) digest.add(text);
    const { texts, bytes } = digest;
    return { events, compactions: texts - events, bytes, digest: digest.end() };
  }

  private async deleteAll(rows: ErasableRows, id: ConversationId): Promise<void> {
    let last: number | undefined = 0;
    while (last !== undefined) {
      if (this.lifecycle.isDraining) throw new UnavailableError('The service is stopping');
      const begin = performance.now();
      last = await rows.deleteBatch(id, last);
      // Half of the time is left to others.
      if (last !== undefined) await delay(performance.now() - begin);
    }
  }
}

function receiptOf({ id }: ConversationId, { erasedAt, content }: ErasureRecord): ErasureReceipt {
  if (!erasedAt || !content) throw new Error('a complete erasure has a receipt');
  return { id, erasedAt, ...content };
}
