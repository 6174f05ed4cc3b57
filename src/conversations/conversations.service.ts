import { Injectable } from '@nestjs/common';
import type { ConversationId } from '../common/conversation-id.js';
import type { Violation } from '../common/errors/app-error.js';
import { InvalidPayloadError } from '../common/errors/common.errors.js';
import { RawJson } from '../common/http/body/raw-json.js';
import { AppConfig } from '../config/app-config.js';
import { Database, type Executor } from '../database/database.js';
import { PolicyRegistry } from '../policies/policy.registry.js';
import { ConversationChanges, type ChangeKind } from './conversation-changes.js';
import { ConversationLists, type ConversationPage, type ListRequest } from './conversation-lists.js';
import { ConversationLoader } from './conversation-loader.js';
import type {
  Conversation,
  ConversationRecord,
  ConversationSettings,
  SettingsInput,
} from './conversation.js';
import {
  ConversationErasedError,
  ConversationNotFoundError,
  TombstonedError,
} from './conversations.errors.js';
import { ConversationsRepository } from './conversations.repository.js';
import { KnownModels } from './known-models.js';
import { ListedActivity } from './listed-activity.js';
import { compactMetadata, mergeMetadata } from './metadata.js';
import { policySettings } from './policy-settings.js';
import { reserveViolations, storedReserveViolations } from './reserved-tokens.js';

/** Settings of a new conversation that its PUT leaves out. */
const DEFAULTS = { triggerRatio: 0.7, policyStrategy: 'last_n', policyConfig: '{"limit":200}' };

/** The record of a conversation: settings, metadata, tombstone, and the lock that orders its changes. */
@Injectable()
export class ConversationsService {
  constructor(
    private readonly conversations: ConversationsRepository,
    private readonly loader: ConversationLoader,
    private readonly lists: ConversationLists,
    private readonly activity: ListedActivity,
    private readonly knownModels: KnownModels,
    private readonly policies: PolicyRegistry,
    private readonly database: Database,
    private readonly changes: ConversationChanges,
    private readonly config: AppConfig,
  ) {}

  /** @throws ConversationNotFoundError (404), ConversationErasedError (410) */
  async get(id: ConversationId): Promise<ConversationRecord> {
    const conversation = await this.loader.find(id);
    rejectMissing(conversation);
    this.knownModels.set(id, conversation.model);
    return conversation;
  }

  /** Lists the conversations of a namespace, the newest first. `metadata` must have no U+0000 and no unpaired surrogates. */
  list(namespace: string, request: ListRequest): Promise<ConversationPage> {
    return this.lists.page(namespace, request);
  }

  /** @internal As `ListedActivity.noteChange`. */
  noteActivity(id: ConversationId): Promise<void> | undefined {
    return this.activity.noteChange(id);
  }

  /** @internal The model that the conversation had when this node last saw it; null if it had none, or was not seen lately. */
  knownModel(id: ConversationId): string | null {
    return this.knownModels.get(id);
  }

  /** @internal To be called with a model that was read from the database. */
  noteModel(id: ConversationId, model: string | null): void {
    this.knownModels.set(id, model);
  }

  /** @internal One entry per id, in their order; undefined if the conversation does not exist. */
  getAll(ids: readonly ConversationId[]): Promise<(ConversationRecord | undefined)[]> {
    return this.conversations.findAll(ids);
  }

  /**
   * Creates the conversation, or replaces the settings that are given; version and log are untouched. Any number of
   * concurrent calls create one conversation.
   *
   * @throws InvalidPayloadError (400) budget above the maximum or missing for a new conversation, reserved tokens that are not
   *   less than the budget, metadata over 64 KiB, or a policy object that its strategy rejects
   * @throws TombstonedError (409)
   * @throws ConversationErasedError (410)
   */
  async put(
    id: ConversationId,
    input: SettingsInput,
  ): Promise<{ conversation: Conversation; created: boolean }> {
    const settings = this.toSettings(input);
    const { tokenBudget } = settings;
    if (tokenBudget !== undefined) {
      const violations = [...this.budgetViolations(tokenBudget), ...reserveViolations(settings)];
      if (violations.length) throw new InvalidPayloadError(violations);
    }
    for (;;) {
      const written =
        tokenBudget === undefined
          ? await this.conversations.update(id, settings)
          : await this.conversations.put(id, { ...settings, tokenBudget }, DEFAULTS);
      if (written) {
        this.knownModels.set(id, written.model);
        this.activity.noteListed(id, written.updatedAt);
        this.publish(id, 'settings', written);
        return { conversation: written, created: written.created };
      }
      await this.rejectPut(id, settings);
      // Between the two statements the conversation was created, or its settings were changed.
    }
  }

  /** Throws why a PUT has written nothing, if that reason still holds. */
  private async rejectPut(id: ConversationId, settings: ConversationSettings): Promise<void> {
    const existing = await this.conversations.find(id);
    if (existing?.erasedAt) throw new ConversationErasedError();
    if (existing?.tombstonedAt) throw new TombstonedError();
    const violations = existing
      ? storedReserveViolations(settings, existing)
      : [{ path: 'token_budget', message: 'is required for a new conversation' }];
    if (violations.length) throw new InvalidPayloadError(violations);
  }

  /**
   * The record as `put` would leave it. Nothing is written.
   *
   * @throws InvalidPayloadError (400) as `put`
   *
   * @internal
   */
  withSettings(conversation: ConversationRecord, input: SettingsInput): ConversationRecord {
    const settings = this.toSettings(input);
    const violations = [
      ...this.budgetViolations(settings.tokenBudget ?? 0),
      ...storedReserveViolations(settings, conversation),
    ];
    if (violations.length) throw new InvalidPayloadError(violations);
    const given = Object.entries(settings).filter(([, value]) => value !== undefined);
    return { ...conversation, ...(Object.fromEntries(given) as Partial<ConversationRecord>) };
  }

  /** @internal The violations of a token budget on this server. */
  budgetViolations(tokenBudget: number): Violation[] {
    const { maxTokenBudget } = this.config;
    if (tokenBudget <= maxTokenBudget) return [];
    return [{ path: 'token_budget', message: `must be at most ${maxTokenBudget} on this server` }];
  }

  private toSettings({ policy, metadata, model, ...numbers }: SettingsInput): ConversationSettings {
    if (policy && !(policy instanceof RawJson))
      this.policies.configure(policy.strategy, { ...policy.config }); // throws if the policy is invalid
    const fromPolicy = policy && policySettings(RawJson.of(policy));
    return {
      ...fromPolicy,
      tokenBudget: numbers.tokenBudget,
      model,
      reserveTokens: numbers.reserveTokens,
      ttlSeconds: numbers.ttlSeconds,
      triggerRatio: numbers.triggerRatio ?? fromPolicy?.triggerRatio,
      metadata: metadata && compactMetadata(RawJson.of(metadata).text),
    };
  }

  /**
   * Merges `patch` into the metadata; a key set to null is removed. Concurrent patches of different keys all survive.
   *
   * @throws InvalidPayloadError (400) the result is over 64 KiB
   * @throws ConversationNotFoundError (404)
   * @throws TombstonedError (409)
   * @throws ConversationErasedError (410)
   */
  async patchMetadata(id: ConversationId, patch: object): Promise<Conversation> {
    const { text } = RawJson.of(patch);
    const patched = await this.database.transaction(async (tx) => {
      const { metadata } = await this.lock(tx, id);
      return this.conversations.setMetadata(tx, id, compactMetadata(mergeMetadata(metadata, text)));
    });
    this.publish(id, 'metadata', patched);
    return patched;
  }

  /**
   * Marks the conversation as deleted; it may be called again.
   *
   * @throws ConversationNotFoundError (404)
   * @throws ConversationErasedError (410)
   */
  async tombstone(id: ConversationId): Promise<void> {
    const version = await this.conversations.tombstone(id);
    if (version === undefined) {
      rejectMissing(await this.conversations.find(id));
      throw new ConversationNotFoundError();
    }
    this.publish(id, 'tombstone', { version });
  }

  /**
   * Locks the conversation for a change: appends and other changes wait until the transaction ends.
   *
   * @throws ConversationNotFoundError (404)
   * @throws TombstonedError (409)
   * @throws ConversationErasedError (410)
   *
   * @internal
   */
  async lock(tx: Executor, id: ConversationId): Promise<Conversation> {
    const conversation = await this.conversations.lock(tx, id);
    rejectMissing(conversation);
    if (conversation.tombstonedAt) throw new TombstonedError();
    return conversation;
  }

  private publish(id: ConversationId, kind: ChangeKind, { version }: { version: number }): void {
    this.changes.publishCommit({ id, version, kind });
  }

  /**
   * Advances the version of a locked conversation by one, for a compaction.
   *
   * @param changesWithdrawn whether the compaction changes which events are withdrawn
   *
   * @internal
   */
  advanceVersion(
    tx: Executor,
    id: ConversationId,
    changesWithdrawn: boolean,
  ): Promise<{ version: number; updatedAt: Date }> {
    return this.conversations.advanceVersion(tx, id, changesWithdrawn);
  }
}

/** @throws ConversationNotFoundError (404), ConversationErasedError (410) */
function rejectMissing<Found extends Conversation>(
  conversation: Found | undefined,
): asserts conversation is Found {
  if (!conversation) throw new ConversationNotFoundError();
  if (conversation.erasedAt) throw new ConversationErasedError();
}
