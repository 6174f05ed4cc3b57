import { Injectable } from '@nestjs/common';
import type { ConversationId } from '../common/conversation-id.js';
import { Database, type Executor } from '../database/database.js';
import type { Conversation, ConversationRecord, ConversationSettings } from './conversation.js';
import {
  ADVANCE_VERSION,
  FIND_CONVERSATION,
  FIND_CONVERSATIONS,
  LOCK_CONVERSATION,
  PUT_CONVERSATION,
  SET_METADATA,
  TOMBSTONE_CONVERSATION,
  UPDATE_CONVERSATION,
} from './conversations.sql.js';

/** The conversations table. Appends, in events/, are the only writes to it from another module. */
@Injectable()
export class ConversationsRepository {
  constructor(private readonly database: Database) {}

  async find({ namespace, id }: ConversationId): Promise<ConversationRecord | undefined> {
    const [row] = await this.database.query<ConversationRecord>(FIND_CONVERSATION, [namespace, id]);
    return row;
  }

  /** One entry per id, in the order of the ids; undefined for a conversation that does not exist. */
  async findAll(ids: readonly ConversationId[]): Promise<(ConversationRecord | undefined)[]> {
    const rows = await this.database.query<ConversationRecord & { position: number }>(FIND_CONVERSATIONS, [
      ids.map(({ namespace }) => namespace),
      ids.map(({ id }) => id),
    ]);
    const found = new Map(rows.map((row) => [row.position, row]));
    return ids.map((_, index) => found.get(index + 1));
  }

  /** Locks the row until the transaction ends; undefined if the conversation does not exist. */
  async lock(tx: Executor, { namespace, id }: ConversationId): Promise<Conversation | undefined> {
    const [row] = await tx.query<Conversation>(LOCK_CONVERSATION, [namespace, id]);
    return row;
  }

  /** Creates or updates; undefined if the conversation is tombstoned, or its reserved tokens would reach the budget. */
  async put(
    { namespace, id }: ConversationId,
    settings: ConversationSettings & { tokenBudget: number },
    defaults: Required<Pick<ConversationSettings, 'triggerRatio' | 'policyStrategy' | 'policyConfig'>>,
  ): Promise<(Conversation & { created: boolean }) | undefined> {
    const [row] = await this.database.query<Conversation & { created: boolean }>(PUT_CONVERSATION, [
      namespace,
      id,
      settings.tokenBudget,
      settings.triggerRatio,
      settings.policyStrategy,
      settings.policyConfig,
      settings.metadata,
      defaults.triggerRatio,
      defaults.policyStrategy,
      defaults.policyConfig,
      settings.model,
      settings.reserveTokens,
      settings.ttlSeconds,
    ]);
    return row;
  }

  /** Undefined if the conversation does not exist or is tombstoned, or its reserved tokens would reach the budget. */
  async update(
    { namespace, id }: ConversationId,
    settings: ConversationSettings,
  ): Promise<(Conversation & { created: boolean }) | undefined> {
    const [row] = await this.database.query<Conversation & { created: boolean }>(UPDATE_CONVERSATION, [
      namespace,
      id,
      settings.triggerRatio,
      settings.policyStrategy,
      settings.policyConfig,
      settings.metadata,
      settings.model,
      settings.reserveTokens,
      settings.ttlSeconds,
    ]);
    return row;
  }

  async setMetadata(
    tx: Executor,
    { namespace, id }: ConversationId,
    metadata: string,
  ): Promise<Conversation> {
    const [row] = await tx.query<Conversation>(SET_METADATA, [namespace, id, metadata]);
    if (!row) throw new Error('the locked row of a conversation is missing');
    return row;
  }

  /** @returns its version; undefined if the conversation does not exist or was erased */
  async tombstone({ namespace, id }: ConversationId): Promise<number | undefined> {
    const [row] = await this.database.query<{ version: number }>(TOMBSTONE_CONVERSATION, [namespace, id]);
    return row?.version;
  }

  async advanceVersion(
    tx: Executor,
    { namespace, id }: ConversationId,
    changesWithdrawn: boolean,
  ): Promise<{ version: number; updatedAt: Date }> {
    const [row] = await tx.query<{ version: number; updatedAt: Date }>(ADVANCE_VERSION, [
      namespace,
      id,
      changesWithdrawn,
    ]);
    if (!row) throw new Error('the locked row of a conversation is missing');
    return row;
  }
}
