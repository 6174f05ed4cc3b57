import { Injectable } from '@nestjs/common';
import type { ConversationId } from '../common/conversation-id.js';
import type { Violation } from '../common/errors/app-error.js';
import { InvalidPayloadError } from '../common/errors/common.errors.js';
import { AppConfig } from '../config/app-config.js';
import { Database, type Executor } from '../database/database.js';
import { ConversationChanges } from './conversation-changes.js';
import type { Conversation, ConversationRecord, ConversationSettings } from './conversation.js';
import { ConversationNotFoundError, TombstonedError } from './conversations.errors.js';
import { ConversationsRepository } from './conversations.repository.js';
import { ConversationLoader } from './conversation-loader.js';
import { mergeMetadata, storedMetadata } from './metadata.js';

/** What a new conversation has where its PUT says nothing. */
const DEFAULTS = { triggerRatio: 0.7, policyStrategy: 'last_n', policyConfig: '{"limit":200}' };

/** The record of a conversation: budget, policy, metadata and whether it may be written. */
@Injectable()
export class ConversationsService {
  constructor(
    private readonly conversations: ConversationsRepository,
    private readonly records: ConversationLoader,
    private readonly database: Database,
    private readonly changes: ConversationChanges,
    private readonly config: AppConfig,
  ) {}

  /** @throws ConversationNotFoundError (404) */
  async get(id: ConversationId): Promise<ConversationRecord> {
    const conversation = await this.records.find(id);
    if (!conversation) throw new ConversationNotFoundError();
    return conversation;
  }

  /** One entry per id, in their order; undefined where there is none. */
  getAll(ids: readonly ConversationId[]): Promise<(ConversationRecord | undefined)[]> {
    return this.conversations.findAll(ids);
  }

  /**
   * Creates the conversation, or replaces the settings that are given; version and log stay. Any number of concurrent
   * calls make one conversation.
   *
   * @throws InvalidPayloadError (400) budget out of range, none for a new conversation, metadata over 64 KiB
   * @throws TombstonedError (409)
   */
  async put(
    id: ConversationId,
    given: ConversationSettings,
  ): Promise<{ conversation: Conversation; created: boolean }> {
    const { tokenBudget } = given;
    const settings = { ...given, metadata: given.metadata && storedMetadata(given.metadata) };
    if (tokenBudget === undefined) return { conversation: await this.update(id, settings), created: false };
    const violations = this.budgetViolations(tokenBudget);
    if (violations.length) throw new InvalidPayloadError(violations);
    const row = await this.conversations.put(id, { ...settings, tokenBudget }, DEFAULTS);
    if (!row) throw new TombstonedError();
    this.changes.publishCommit(id);
    return { conversation: row, created: row.created };
  }

  /** What is wrong with a token budget on this server. */
  budgetViolations(tokenBudget: number): Violation[] {
    const { maxTokenBudget } = this.config;
    if (tokenBudget <= maxTokenBudget) return [];
    return [{ path: 'token_budget', message: `must be at most ${maxTokenBudget} on this server` }];
  }

  private async update(id: ConversationId, settings: ConversationSettings): Promise<Conversation> {
    const updated = await this.conversations.update(id, settings);
    if (updated) {
      this.changes.publishCommit(id);
      return updated;
    }
    const found = await this.conversations.find(id);
    if (found?.tombstonedAt) throw new TombstonedError();
    if (found) return this.update(id, settings); // created between the two statements
    throw new InvalidPayloadError([{ path: 'token_budget', message: 'is required for a new conversation' }]);
  }

  /**
   * Merges `patch`, the text of an object, into the metadata: a key set to null goes. Concurrent patches of different
   * keys all survive.
   *
   * @throws InvalidPayloadError (400) if the result is over 64 KiB
   */
  patchMetadata(id: ConversationId, patch: string): Promise<Conversation> {
    return this.database.transaction(async (tx) => {
      const { metadata } = await this.lock(tx, id);
      return this.conversations.setMetadata(tx, id, storedMetadata(mergeMetadata(metadata, patch)));
    });
  }

  /** Marks the conversation deleted; again is fine. @throws ConversationNotFoundError (404) */
  async tombstone(id: ConversationId): Promise<void> {
    if (!(await this.conversations.tombstone(id))) throw new ConversationNotFoundError();
    this.changes.publishCommit(id);
  }

  /**
   * Locks the conversation for a change: appends and other changes wait until the transaction ends.
   *
   * @throws ConversationNotFoundError (404)
   * @throws TombstonedError (409)
   */
  async lock(tx: Executor, id: ConversationId): Promise<Conversation> {
    const conversation = await this.conversations.lock(tx, id);
    if (!conversation) throw new ConversationNotFoundError();
    if (conversation.tombstonedAt) throw new TombstonedError();
    return conversation;
  }

  /** Gives a locked conversation one more version, for a compaction. */
  advanceVersion(tx: Executor, id: ConversationId): Promise<{ version: number; updatedAt: Date }> {
    return this.conversations.advanceVersion(tx, id);
  }
}
