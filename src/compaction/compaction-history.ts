import { Injectable } from '@nestjs/common';
import type { ConversationId } from '../common/conversation-id.js';
import { ConversationChanges } from '../conversations/conversation-changes.js';
import { VersionMismatchError } from '../conversations/conversations.errors.js';
import { ConversationsService } from '../conversations/conversations.service.js';
import { Database, type Executor } from '../database/database.js';
import { MAX_READ_BYTES } from '../events/stored-event.js';
import type { CompactionPage, CompactionPageRequest } from './compaction.js';
import {
  CompactionNotFoundError,
  CompactionReplacedError,
  CompactionUndoneError,
} from './compaction.errors.js';
import { CompactionRepository } from './compaction.repository.js';

const MAX_PAGE_COMPACTIONS = 1000;
const DEFAULT_PAGE_COMPACTIONS = 100;

/** Lists the compactions of a conversation, and undoes them. */
@Injectable()
export class CompactionHistory {
  constructor(
    private readonly compactions: CompactionRepository,
    private readonly conversations: ConversationsService,
    private readonly database: Database,
    private readonly changes: ConversationChanges,
  ) {}

  /** See `CompactionService.list`. */
  async list(id: ConversationId, { cursor, limit }: CompactionPageRequest): Promise<CompactionPage> {
    const { version } = await this.conversations.get(id);
    const before = Math.min(cursor ?? Infinity, version + 1);
    const size = Math.min(limit ?? DEFAULT_PAGE_COMPACTIONS, MAX_PAGE_COMPACTIONS);
    return this.compactions.list(id, before, size, MAX_READ_BYTES);
  }

  /** See `CompactionService.undo`. */
  async undo(id: ConversationId, compaction: number, ifVersion?: number): Promise<number> {
    const version = await this.database.transaction((tx) => this.write(tx, id, compaction, ifVersion));
    this.changes.publishCommit({ id, version, kind: 'compaction' });
    await this.conversations.noteActivity(id);
    return version;
  }

  private async write(
    tx: Executor,
    id: ConversationId,
    compaction: number,
    ifVersion: number | undefined,
  ): Promise<number> {
    const conversation = await this.conversations.lock(tx, id);
    if (ifVersion !== undefined && ifVersion !== conversation.version)
      throw new VersionMismatchError(ifVersion, conversation.version);
    const found = await this.compactions.find(tx, id, compaction);
    if (!found) throw new CompactionNotFoundError(compaction);
    if (found.undoneAt !== null) throw new CompactionUndoneError(compaction, found.undoneAt);
    if (found.replacedAt !== null) throw new CompactionReplacedError(compaction, found.replacedAt);
    const { version, updatedAt } = await this.conversations.advanceVersion(tx, id, found.withdrawn);
    const { lastSeq } = conversation;
    await this.compactions.undo(tx, id, compaction, { version, lastSeq, insertedAt: updatedAt });
    return version;
  }
}
