import { renderPrompt, type Format, type PromptOptions } from '@fastpaca/messages';
import { Injectable } from '@nestjs/common';
import { CalibrationService } from '../calibration/calibration.service.js';
import type { ConversationId } from '../common/conversation-id.js';
import { runCooperatively } from '../common/cooperative-task.js';
import { InvalidPayloadError } from '../common/errors/common.errors.js';
import { ITEMS_PER_TURN, mapInTurns } from '../common/in-turns.js';
import { CompactionService } from '../compaction/compaction.service.js';
import { AppConfig } from '../config/app-config.js';
import { ConversationCaches, type ConversationCache } from '../conversations/conversation-caches.js';
import type { ConversationRecord, SettingsInput } from '../conversations/conversation.js';
import { ConversationsService } from '../conversations/conversations.service.js';
import { Metrics } from '../metrics/metrics.js';
import { CachedWindow, windowETag } from './cached-window.js';
import { serializeWindow } from './dto/window.serializer.js';
import { cacheViolations, promptOptions } from './prompt.js';
import { SharedBuilds } from './shared-builds.js';
import { WindowBuilds, type CallSettings } from './window-builds.js';
import { WindowExplanations } from './window-explanations.js';
import { WindowRecords, type LogPosition } from './window-records.js';
import type { WindowRequest } from './window-request.js';
import type {
  ReadBodyOptions,
  ReadPromptOptions,
  ReadWindowOptions,
  WindowPreview,
} from './window-options.js';
import type { PromptWindow, Window, WindowTotals } from './window.js';

/** What decides the response body of a window beside the conversation. */
interface BodySettings extends CallSettings {
  promptOptions?: PromptOptions;
}

/** Reads windows. `WindowBuilder` computes them; this service caches them, and previews those that would be. */
@Injectable()
export class WindowService {
  /** Serialized windows of timeless policies, by conversation and budget of the call. See docs/decisions/010. */
  private readonly cache: ConversationCache<CachedWindow>;
  private readonly sharedBuilds = new SharedBuilds();

  constructor(
    private readonly conversations: ConversationsService,
    private readonly compactions: CompactionService,
    private readonly records: WindowRecords,
    private readonly builds: WindowBuilds,
    private readonly explanations: WindowExplanations,
    private readonly calibrations: CalibrationService,
    private readonly metrics: Metrics,
    caches: ConversationCaches,
    { windowCacheBytes }: AppConfig,
  ) {
    this.cache = caches.create(windowCacheBytes);
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
    const conversation = await this.records.find(id, options);
    const settings = { callBudgetTokens: options.budgetTokens };
    const request = this.builds.request(id, conversation, settings);
    const window = await this.build(request, options, asIs);
    this.count(window, false);
    done();
    return window;
  }

  /**
   * Reads the window in the format of a provider. `prompt` can be spread into the call of the provider.
   *
   * @throws as `read`; InvalidPayloadError (400) the format cannot be prepared for a prompt cache
   */
  async readPrompt<F extends Format>(
    id: ConversationId,
    format: F,
    options: ReadPromptOptions = {},
  ): Promise<PromptWindow<F>> {
    const violations = cacheViolations(format, options.cache);
    if (violations.length) throw new InvalidPayloadError(violations);
    const done = this.metrics.windowLatency.startTimer();
    const conversation = await this.records.find(id, options);
    const settings = { callBudgetTokens: options.budgetTokens, format };
    const request = this.builds.request(id, conversation, settings);
    const { messages, ...window } = await this.build(request, options, asIs);
    this.count(window, false);
    const events = await mapInTurns(messages, (message) => message.toWindowEvent());
    const rendered = renderPrompt(format, events, promptOptions(id, options.cache));
    done();
    return { ...window, ...rendered, format };
  }

  /**
   * Reads the same window as a response body with its `ETag`, from the cache if neither the conversation nor its
   * settings have changed.
   *
   * @throws as `read`
   *
   * @internal
   */
  async readSerialized(id: ConversationId, options: ReadBodyOptions = {}): Promise<CachedWindow> {
    const done = this.metrics.windowLatency.startTimer();
    const conversation = await this.records.find(id, options);
    const { budgetTokens, format, cache } = options;
    const settings = { callBudgetTokens: budgetTokens, format, promptOptions: promptOptions(id, cache) };
    const window = await this.readCached(id, conversation, settings, options.atVersion);
    done();
    return window;
  }

  /**
   * Computes the window that the conversation would have with these settings and this compaction. Nothing is written. The
   * compaction replaces the active ones in its range.
   *
   * @returns `warnings` if the compaction cuts through a group
   * @throws as `read`, `ConversationsService.put` and `CompactionService.compact`; a deleted conversation has previews
   */
  preview(id: ConversationId, preview: WindowPreview, options: ReadWindowOptions = {}): Promise<Window> {
    return this.buildPreview(id, preview, options, asIs);
  }

  /**
   * Computes the same window as a response body.
   *
   * @throws as `preview`
   *
   * @internal
   */
  previewSerialized(
    id: ConversationId,
    preview: WindowPreview,
    options: ReadBodyOptions = {},
  ): Promise<Buffer> {
    return this.buildPreview(id, preview, options, (window) =>
      runCooperatively(serializeWindow(window, options.format, promptOptions(id, options.cache))),
    );
  }

  /** @param convert called while a large window still occupies its slot */
  private async buildPreview<Result>(
    id: ConversationId,
    { compaction, ...settings }: WindowPreview,
    options: ReadBodyOptions,
    convert: (window: Window) => Result | Promise<Result>,
  ): Promise<Result> {
    const done = this.metrics.windowLatency.startTimer();
    const conversation = await this.withSettings(id, await this.records.find(id, options), settings);
    const planned =
      compaction && (await this.compactions.preview(id, conversation, compaction, 'compaction.'));
    const request = this.builds.request(id, conversation, {
      callBudgetTokens: options.budgetTokens,
      format: options.format,
      compactions: planned?.active,
    });
    const result = await this.build(request, options, (window) => {
      this.count(window, false);
      return convert(planned?.warnings.length ? { ...window, warnings: planned.warnings } : window);
    });
    done();
    return result;
  }

  private async withSettings(
    { namespace }: ConversationId,
    stored: ConversationRecord,
    settings: SettingsInput,
  ): Promise<ConversationRecord> {
    const conversation = this.conversations.withSettings(stored, settings);
    const { model } = conversation;
    if (model === stored.model) return conversation;
    return { ...conversation, tokenFactor: await this.calibrations.factorOf(namespace, model) };
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
    return this.builds.build(
      this.builds.request(id, await this.records.at(id, conversation, position)),
      asIs,
    );
  }

  /**
   * The tokens of the window at a version in stored counts, before the factor of the model. Undefined if the conversation has not had
   * that version. Usually the window is still cached: an answer was just made from it.
   *
   * @internal
   */
  async estimateAt(
    id: ConversationId,
    conversation: ConversationRecord,
    version: number,
  ): Promise<number | undefined> {
    if (version > conversation.version) return undefined;
    const cached = this.cache.get(id, variantOf());
    if (cached?.isFor({ ...conversation, version })) return cached.totals.countedTokens;
    const lastSeq = await this.compactions.lastSeqAt(id, version);
    return (await this.readAt(id, conversation, { version, lastSeq })).countedTokens;
  }

  /** @param atVersion of the request; undefined for the current window. A past window is cached beside the current one. */
  private async readCached(
    id: ConversationId,
    conversation: ConversationRecord,
    settings: BodySettings = {},
    atVersion?: number,
  ): Promise<CachedWindow> {
    const variant = variantOf(settings, atVersion);
    const cached = this.cache.get(id, variant);
    if (cached?.isFor(conversation)) {
      this.count(cached.totals, true);
      return cached;
    }
    const window = await this.buildShared(id.key + variant, id, conversation, settings);
    // A reader with an older record must not displace the window that other readers use.
    const isNewest = window.totals.version >= (cached?.totals.version ?? 0);
    if (isNewest && window.etag !== undefined) this.cache.set(id, variant, window, window.bytes);
    this.count(window.totals, false);
    return window;
  }

  /** Builds the window once for all readers that need it meanwhile, unless it depends on the clock. */
  private buildShared(
    key: string,
    id: ConversationId,
    conversation: ConversationRecord,
    { promptOptions = {}, ...settings }: BodySettings,
  ): Promise<CachedWindow> {
    const inFlight = this.sharedBuilds.find(key, conversation);
    if (inFlight) return inFlight;
    const { callBudgetTokens, format } = settings;
    const request = this.builds.request(id, conversation, settings);
    const { timeless } = request.policy;
    const etag = timeless ? windowETag(conversation, callBudgetTokens, format, promptOptions) : undefined;
    const build = this.builds.build(request, async (window, isLarge) => {
      const cached = new CachedWindow(window, conversation, etag, format, promptOptions);
      // A large window releases its messages before the next large build needs the memory.
      if (isLarge || window.messages.length > ITEMS_PER_TURN) await cached.prepare();
      return cached;
    });
    if (timeless) this.sharedBuilds.add(key, conversation, build);
    return build;
  }

  private build<Result>(
    request: WindowRequest,
    { explain }: ReadWindowOptions,
    convert: (window: Window) => Result | Promise<Result>,
  ): Promise<Result> {
    return explain ? this.explanations.build(request, convert) : this.builds.build(request, convert);
  }

  private count({ snapshotTokens }: WindowTotals, isCacheHit: boolean): void {
    this.metrics.windowsRead.inc({ ready: String(isCacheHit) });
    this.metrics.snapshotTokens.observe(snapshotTokens);
  }
}

/** Names a window among those of its conversation. */
function variantOf(
  { callBudgetTokens, format, promptOptions }: BodySettings = {},
  atVersion?: number,
): string {
  return JSON.stringify([callBudgetTokens, format, promptOptions, atVersion]);
}

function asIs(window: Window): Window {
  return window;
}
