import { Injectable } from '@nestjs/common';
import type { ConversationId } from '../common/conversation-id.js';
import { InvalidPayloadError } from '../common/errors/common.errors.js';
import { ConversationChanges } from '../conversations/conversation-changes.js';
import { VersionMismatchError } from '../conversations/conversations.errors.js';
import { ConversationsService } from '../conversations/conversations.service.js';
import { Database } from '../database/database.js';
import type { NewEvent } from '../events/event-normalizer.js';
import { EventsService } from '../events/events.service.js';
import type { SeqRange } from '../events/stored-event.js';
import { Metrics } from '../metrics/metrics.js';
import type { CompactionChange, Compaction } from './compaction.js';
import { RangeGapError, RangeOverlapError } from './compaction.errors.js';
import { CompactionRepository } from './compaction.repository.js';

/** A range of seqs and what the model is to see instead. */
export interface NewCompaction extends SeqRange {
  replacement: readonly NewEvent[];
  /** The version the caller believes current; undefined skips the check. */
  ifVersion?: number;
}

/** Replaces ranges of the log for the model; the log itself stays whole. */
@Injectable()
export class CompactionService {
  constructor(
    private readonly compactions: CompactionRepository,
    private readonly conversations: ConversationsService,
    private readonly events: EventsService,
    private readonly database: Database,
    private readonly changes: ConversationChanges,
    private readonly metrics: Metrics,
  ) {}

  /**
   * Compacts a range; appends go on meanwhile, and none of them is touched by it. Active compactions inside the range
   * are replaced.
   *
   * @returns the version it gave the conversation
   * @throws ConversationNotFoundError (404)
   * @throws TombstonedError (409)
   * @throws VersionMismatchError (409) the conversation has moved on; re-read and retry
   * @throws RangeGapError (400) the range reaches outside the log
   * @throws RangeOverlapError (400) the range cuts through an active compaction
   */
  async compact(
    id: ConversationId,
    { fromSeq, toSeq, replacement, ifVersion }: NewCompaction,
  ): Promise<number> {
    this.metrics.compactionRequests.inc();
    const given = await this.database.transaction(async (tx) => {
      const conversation = await this.conversations.lock(tx, id);
      const { lastSeq } = conversation;
      if (ifVersion !== undefined && ifVersion !== conversation.version) {
        throw new VersionMismatchError(ifVersion, conversation.version);
      }
      if (fromSeq < 1) throw new RangeGapError('from_seq', lastSeq);
      if (toSeq > lastSeq) throw new RangeGapError('to_seq', lastSeq);
      if (toSeq < fromSeq)
        throw new InvalidPayloadError([{ path: 'to_seq', message: 'must not be before from_seq' }]);

      const active = await this.compactions.activeAt(id, conversation.version, tx);
      const touched = active.filter((each) => each.fromSeq <= toSeq && each.toSeq >= fromSeq);
      const cut = touched.find((each) => each.fromSeq < fromSeq || each.toSeq > toSeq);
      if (cut) throw new RangeOverlapError(cut);

      const tokens = await this.events.tokensOfRange(tx, id, { fromSeq, toSeq });
      const { version, updatedAt } = await this.conversations.advanceVersion(tx, id);
      const messages = replacement.map(({ body }) => body);
      const messageTokens = replacement.map(({ tokenEstimate }) => tokenEstimate);
      const written = {
        version,
        fromSeq,
        toSeq,
        lastSeq,
        ...tokens,
        messages,
        messageTokens,
        insertedAt: updatedAt,
      };
      await this.compactions.insert(tx, id, written, touched);
      return version;
    });
    this.changes.committed(id);
    return given;
  }

  /** The compactions that were active at `version`, ascending and disjoint. */
  activeAt(id: ConversationId, version: number): Promise<Compaction[]> {
    return this.compactions.activeAt(id, version);
  }

  /** The compactions after `version`, by version; at most `limit`. */
  after(id: ConversationId, version: number, limit: number): Promise<CompactionChange[]> {
    return this.compactions.after(id, version, limit);
  }

  /** The seq the log had reached at `version`: every version since the compaction before it is one event. */
  async lastSeqAt(id: ConversationId, version: number): Promise<number> {
    const last = await this.compactions.lastUpTo(id, version);
    return last ? last.lastSeq + version - last.version : version;
  }

  /**
   * These compactions (ascending) with their messages. As many of the newest as fit `maxBytes` of messages: a caller's
   * own token counts bound no memory.
   */
  async summaries(id: ConversationId, compactions: readonly Compaction[], maxBytes: number) {
    if (!compactions.length) return [];
    const found = await this.compactions.summaries(
      id,
      compactions.map(({ version }) => version),
      maxBytes,
    );
    return compactions.flatMap((compaction) => {
      const summary = found.get(compaction.version);
      return summary ? [{ compaction, summary }] : [];
    });
  }
}
