import { renderPrompt, type Format } from '@fastpaca/messages';
import { Injectable } from '@nestjs/common';
import { BoundedCache } from '../common/bounded-cache.js';
import type { ConversationId } from '../common/conversation-id.js';
import { jsonValue } from '../common/json/json-value.js';
import { Semaphore } from '../common/semaphore.js';
import { InvalidPayloadError } from '../common/errors/common.errors.js';
import { CompactionService } from '../compaction/compaction.service.js';
import { AppConfig } from '../config/app-config.js';
import type { ConversationRecord } from '../conversations/conversation.js';
import { VersionMismatchError } from '../conversations/conversations.errors.js';
import { ConversationsService } from '../conversations/conversations.service.js';
import { EventsService } from '../events/events.service.js';
import { Metrics } from '../metrics/metrics.js';
import { PolicyRegistry } from '../policies/policy.registry.js';
import { CachedWindow, windowETag } from './cached-window.js';
import { SharedBuilds } from './shared-builds.js';
import { WindowBuilder } from './window.builder.js';
import type { WindowRequest } from './window-request.js';
import type { PromptWindow, Window, WindowTotals } from './window.js';

export interface ReadWindowOptions {
  /** Narrows the budget for this call; never widens it. */
  budgetTokens?: number | undefined;
  /** The version the caller believes current; undefined skips the check. */
  ifVersion?: number | undefined;
  /**
   * Reads the window as it was at this version of the log and the compactions, under today's settings and clock; from 0 to the
   * current version. Default: the current version.
   */
  atVersion?: number | undefined;
}

/** What decides a window beside the conversation. */
type CallSettings = Pick<WindowRequest, 'callBudgetTokens' | 'format'>;

/** A version of a conversation and the last seq of its log at that version. */
interface LogPosition {
  version: number;
  lastSeq: number;
}

/** Most bytes of messages of a window that may be built beside others; larger windows are built one at a time. */
const SMALL_WINDOW_BYTES = 4 * 1024 * 1024;

/** Reads windows. `WindowBuilder` computes them; this service checks versions, and caches and limits the work. */
@Injectable()
export class WindowService {
  /** Serialized windows of timeless policies, by conversation and budget of the call. See docs/decisions/010. */
  private readonly cache: BoundedCache<CachedWindow>;
  private readonly sharedBuilds = new SharedBuilds();
  private readonly largeBuilds: Semaphore;

  constructor(
    private readonly conversations: ConversationsService,
    private readonly events: EventsService,
    private readonly compactions: CompactionService,
    private readonly policies: PolicyRegistry,
    private readonly builder: WindowBuilder,
    private readonly metrics: Metrics,
    private readonly config: AppConfig,
  ) {
    this.cache = new BoundedCache(config.windowCacheBytes);
    this.largeBuilds = new Semaphore(
      1,
      2 * config.databaseTimeoutMs,
      'Too many large windows are being read; retry in a moment',
    );
  }

  /**
   * Reads the window as objects, for modules of the application. Every call builds a new one, which belongs to the
   * caller; its events usually come from `RecentEventsCache`.
   *
   * @throws ConversationNotFoundError (404)
   * @throws VersionMismatchError (409) the conversation is not at `ifVersion`
   * @throws InvalidPayloadError (400) the conversation has never had the version `atVersion`
   * @throws UnavailableError (503) too many large windows are being read
   */
  async read(id: ConversationId, options: ReadWindowOptions = {}): Promise<Window> {
    const done = this.metrics.windowLatency.startTimer();
    const conversation = await this.recordFor(id, options);
    const settings = { callBudgetTokens: options.budgetTokens };
    const window = await this.build(this.requestFor(id, conversation, settings), asIs);
    this.count(window, false);
    done();
    return window;
  }

  /**
   * Reads the window in the format of a provider. `prompt` can be spread into the call of the provider.
   *
   * @throws as `read`
   */
  async readPrompt<F extends Format>(
    id: ConversationId,
    format: F,
    options: ReadWindowOptions = {},
  ): Promise<PromptWindow<F>> {
    const done = this.metrics.windowLatency.startTimer();
    const conversation = await this.recordFor(id, options);
    const settings = { callBudgetTokens: options.budgetTokens, format };
    const { messages, ...window } = await this.build(this.requestFor(id, conversation, settings), asIs);
    this.count(window, false);
    const rendered = renderPrompt(
      format,
      messages.map((message) => message.toWindowEvent()),
    );
    done();
    return { ...window, ...rendered, format };
  }

  /**
   * Reads the same window as a response body with its `ETag`, from the cache if neither the conversation nor its
   * settings have changed.
   *
   * @param options `format`: the format of a provider; undefined for messages as they are stored
   * @throws as `read`
   *
   * @internal
   */
  async readSerialized(
    id: ConversationId,
    { format, ...options }: ReadWindowOptions & { format?: Format | undefined } = {},
  ): Promise<CachedWindow> {
    const done = this.metrics.windowLatency.startTimer();
    const conversation = await this.recordFor(id, options);
    const settings = { callBudgetTokens: options.budgetTokens, format };
    const window = await this.readCached(id, conversation, settings, options.atVersion);
    done();
    return window;
  }

  /**
   * The totals of the window as of a version that the conversation has had, under the settings of its record.
   *
   * @internal
   */
  async readAt(
    id: ConversationId,
    conversation: ConversationRecord,
    position: LogPosition,
  ): Promise<WindowTotals> {
    if (position.version === conversation.version) return (await this.readCached(id, conversation)).totals;
    return this.build(this.requestFor(id, await this.recordAt(id, conversation, position)), asIs);
  }

  /**
   * The tokens of the window at a version, as they are counted: before the factor of the model. Undefined if the conversation has not
   * had that version.
   *
   * @internal
   */
  async estimateAt(
    id: ConversationId,
    conversation: ConversationRecord,
    version: number,
  ): Promise<number | undefined> {
    if (version > conversation.version) return undefined;
    const lastSeq = await this.compactions.lastSeqAt(id, version);
    const { usedTokens } = await this.readAt(id, conversation, { version, lastSeq });
    return usedTokens;
  }

  /** The record that a window is built from: the current one, or that of a past version. */
  private async recordFor(
    id: ConversationId,
    { ifVersion, atVersion }: ReadWindowOptions,
  ): Promise<ConversationRecord> {
    const conversation = await this.conversations.get(id);
    const { version } = conversation;
    if (ifVersion !== undefined && ifVersion !== version) throw new VersionMismatchError(ifVersion, version);
    if (atVersion === undefined || atVersion === version) return conversation;
    if (!Number.isInteger(atVersion) || atVersion < 0 || atVersion > version) throw unknownVersion(version);
    const lastSeq = await this.compactions.lastSeqAt(id, atVersion);
    return this.recordAt(id, conversation, { version: atVersion, lastSeq });
  }

  /** The record as it was at a past version. Settings and clock are those of now. */
  private async recordAt(
    id: ConversationId,
    conversation: ConversationRecord,
    position: LogPosition,
  ): Promise<ConversationRecord> {
    const tokensTotal = await this.events.tokensThrough(id, position.lastSeq);
    return { ...conversation, ...position, tokensTotal };
  }

  /** @param atVersion of the request; undefined for the current window. A past window is cached beside the current one. */
  private async readCached(
    id: ConversationId,
    conversation: ConversationRecord,
    settings: CallSettings = {},
    atVersion?: number,
  ): Promise<CachedWindow> {
    const { callBudgetTokens, format } = settings;
    const key = JSON.stringify([id.namespace, id.id, callBudgetTokens, format, atVersion]);
    const cached = this.cache.get(key);
    if (cached?.isFor(conversation)) {
      this.count(cached.totals, true);
      return cached;
    }
    const window = await this.buildShared(key, id, conversation, settings);
    // A reader with an older record must not displace the window that other readers use.
    const isNewest = window.totals.version >= (cached?.totals.version ?? 0);
    if (isNewest && window.etag !== undefined) this.cache.set(key, window, window.bytes);
    this.count(window.totals, false);
    return window;
  }

  /** Builds the window once for all readers that need it meanwhile, unless it depends on the clock. */
  private buildShared(
    key: string,
    id: ConversationId,
    conversation: ConversationRecord,
    settings: CallSettings,
  ): Promise<CachedWindow> {
    const inFlight = this.sharedBuilds.find(key, conversation);
    if (inFlight) return inFlight;
    const { callBudgetTokens, format } = settings;
    const request = this.requestFor(id, conversation, settings);
    const { timeless } = request.policy;
    const etag = timeless ? windowETag(conversation, callBudgetTokens, format) : undefined;
    const build = this.build(request, (window, isLarge) => {
      const cached = new CachedWindow(window, conversation, etag, format);
      if (isLarge) cached.serialize(); // releases the messages: the next large build needs the memory
      return cached;
    });
    if (timeless) this.sharedBuilds.add(key, conversation, build);
    return build;
  }

  /**
   * Builds a window of at most 4 MiB of messages. If that drops messages, builds it again up to the configured limit,
   * one such window at a time. Why: docs/decisions/014.
   *
   * @param convert called while a large window still occupies its slot
   */
  private async build<Result>(
    request: WindowRequest,
    convert: (window: Window, isLarge: boolean) => Result,
  ): Promise<Result> {
    const { windowLimitBytes } = this.config;
    const small = await this.builder.build(request, Math.min(SMALL_WINDOW_BYTES, windowLimitBytes));
    if (!small.cutByBytes || windowLimitBytes <= SMALL_WINDOW_BYTES) return convert(small.window, false);
    return this.largeBuilds.run(async () => {
      const large = await this.builder.build(request, windowLimitBytes);
      return convert(large.window, true);
    });
  }

  private requestFor(
    id: ConversationId,
    conversation: ConversationRecord,
    settings: CallSettings = {},
  ): WindowRequest {
    const config = jsonValue(conversation.policyConfig) as Record<string, unknown>;
    const policy = this.policies.configure(conversation.policyStrategy, config);
    return { id, conversation, policy, ...settings };
  }

  private count({ snapshotTokens }: WindowTotals, isCacheHit: boolean): void {
    this.metrics.windowsRead.inc({ ready: String(isCacheHit) });
    this.metrics.snapshotTokens.observe(snapshotTokens);
  }
}

function unknownVersion(version: number): InvalidPayloadError {
  const message = `must be a version of the conversation: 0 to ${version}`;
  return new InvalidPayloadError([{ path: 'at_version', message }]);
}

function asIs(window: Window): Window {
  return window;
}
