import { Injectable, type OnModuleInit } from '@nestjs/common';
import { BoundedCache } from '../common/bounded-cache.js';
import { jsonValue } from '../common/json/json-value.js';
import type { ConversationId } from '../common/conversation-id.js';
import { Semaphore } from '../common/semaphore.js';
import { CompactionService } from '../compaction/compaction.service.js';
import { AppConfig } from '../config/app-config.js';
import { CACHE_SHARES } from '../config/cache-shares.js';
import type { ConversationRecord } from '../conversations/conversation.js';
import { VersionMismatchError } from '../conversations/conversations.errors.js';
import { ConversationsService } from '../conversations/conversations.service.js';
import { ROLES } from '../events/event-validator.js';
import { EventsService } from '../events/events.service.js';
import type { BudgetedRange } from '../events/stored-event.js';
import { Metrics } from '../metrics/metrics.js';
import { MessageTokenCounter } from '../tokens/message-token-counter.js';
import { assemble, type LivePiece } from './assemble.js';
import { exceedsRatio, newestThatFit } from './budget.js';
import { LiveRuns } from './live-runs.js';
import { LogTimeline, StoredLiveEvent } from './log-timeline.js';
import { PolicyRegistry, type ConfiguredPolicy } from '../policies/policy.registry.js';
import type { LiveEvent } from '../policies/timeline.js';
import { ReadyWindow, windowTag, type Window } from './ready-window.js';
import { SharedBuilds } from './shared-builds.js';

export interface WindowOptions {
  budgetTokens?: number;
  ifVersion?: number;
}

/** The live half of a window: what fits, and the tokens of all that the policy selected. */
interface LivePart {
  pieces: LivePiece[];
  selectedTokens: number;
  /** Whether bytes, and not tokens, have left events out. */
  cutByBytes: boolean;
}

/** A window of more bytes of messages than this is made by itself, not beside others. */
const SMALL_WINDOW_BYTES = 4 * 1024 * 1024;

/** What the summaries leave for live events. */
interface Room {
  tokens: number;
  bytes: number;
}

/** Computes windows: a pure function of log, compactions, policy and budget, as of one version. */
@Injectable()
export class WindowService implements OnModuleInit {
  private readonly baseTokens = new Map<string, number>();
  /** Windows of timeless policies, by conversation and budget of the call. */
  private readonly ready: BoundedCache<ReadyWindow>;
  private readonly builds = new SharedBuilds();
  private readonly largeBuilds: Semaphore;

  constructor(
    private readonly conversations: ConversationsService,
    private readonly compactions: CompactionService,
    private readonly events: EventsService,
    private readonly policies: PolicyRegistry,
    private readonly messageTokens: MessageTokenCounter,
    private readonly metrics: Metrics,
    private readonly config: AppConfig,
  ) {
    this.ready = new BoundedCache(config.cacheBytes * CACHE_SHARES.windows);
    this.largeBuilds = new Semaphore(
      1,
      2 * config.databaseTimeoutMs,
      'Too many large windows are being read; retry in a moment',
    );
  }

  async onModuleInit(): Promise<void> {
    for (const role of ROLES) this.baseTokens.set(role, (await this.messageTokens.count(role, [])).total);
  }

  /**
   * Reads the window. What is read after the conversation's row is read as of that row's version, so that the whole is
   * of one version whatever is appended or compacted meanwhile.
   *
   * @param budgetTokens narrows the budget for this call
   * @throws ConversationNotFoundError (404)
   * @throws VersionMismatchError (409) if the conversation is not at `ifVersion`
   */
  async read(id: ConversationId, options: WindowOptions = {}): Promise<ReadyWindow> {
    const done = this.metrics.windowLatency.startTimer();
    const conversation = await this.conversations.get(id);
    const { version } = conversation;
    if (options.ifVersion !== undefined && options.ifVersion !== version) {
      throw new VersionMismatchError(options.ifVersion, version);
    }
    const window = await this.of(id, conversation, options.budgetTokens);
    done();
    return window;
  }

  /**
   * Reads the window as it was at a version that the conversation has been at, under the settings of its record.
   *
   * @param lastSeq the log's at that version
   */
  async readAt(
    id: ConversationId,
    conversation: ConversationRecord,
    { version, lastSeq }: { version: number; lastSeq: number },
  ): Promise<ReadyWindow> {
    if (version === conversation.version) return this.of(id, conversation);
    const tokensTotal = await this.events.tokensThrough(id, lastSeq);
    return this.make(id, { ...conversation, version, lastSeq, tokensTotal });
  }

  /** The window of a record, which may be there already. */
  private async of(
    id: ConversationId,
    conversation: ConversationRecord,
    callBudget?: number,
  ): Promise<ReadyWindow> {
    const key = JSON.stringify([id.namespace, id.id, callBudget]);
    const ready = this.ready.get(key);
    const isReady = ready?.isOf(conversation) === true;
    const window = isReady ? ready : await this.shared(key, id, conversation, callBudget);
    // Not one of an earlier version: a reader that is behind would push out what others ask for.
    const isNewer = !isReady && window.version >= (ready?.version ?? 0);
    if (isNewer && window.tag !== undefined) this.ready.set(key, window, window.bytes);
    this.metrics.windowsRead.inc({ ready: String(isReady) });
    this.metrics.snapshotTokens.observe(window.snapshotTokens);
    return window;
  }

  /** Makes the window, once for all who ask for it meanwhile. */
  private shared(
    key: string,
    id: ConversationId,
    conversation: ConversationRecord,
    callBudget: number | undefined,
  ): Promise<ReadyWindow> {
    const underWay = this.builds.find(key, conversation);
    if (underWay) return underWay;
    const policy = this.policyOf(conversation);
    const window = this.make(id, conversation, policy, callBudget);
    if (policy.timeless) this.builds.add(key, conversation, window);
    return window;
  }

  private policyOf({ policyStrategy, policyConfig }: ConversationRecord): ConfiguredPolicy {
    return this.policies.configure(policyStrategy, jsonValue(policyConfig) as Record<string, unknown>);
  }

  private async make(
    id: ConversationId,
    conversation: ConversationRecord,
    policy = this.policyOf(conversation),
    callBudget?: number,
  ): Promise<ReadyWindow> {
    const { windowLimitBytes } = this.config;
    const build = async (maxBytes: number) => {
      const { window, cutByBytes } = await this.compute(id, conversation, policy, callBudget, maxBytes);
      const tag = policy.timeless ? windowTag(conversation, callBudget) : undefined;
      return { window: new ReadyWindow(window, conversation, tag), cutByBytes };
    };
    const small = await build(Math.min(SMALL_WINDOW_BYTES, windowLimitBytes));
    if (!small.cutByBytes || windowLimitBytes <= SMALL_WINDOW_BYTES) return small.window;
    return this.largeBuilds.run(async () => {
      const { window } = await build(windowLimitBytes);
      return window.written(); // its messages are memory that the next large build takes
    });
  }

  private async compute(
    id: ConversationId,
    conversation: ConversationRecord,
    policy: ConfiguredPolicy,
    callBudget: number | undefined,
    maxBytes: number,
  ): Promise<{ window: Window; cutByBytes: boolean }> {
    const { version, lastSeq } = conversation;
    const budgetTokens = Math.min(
      conversation.tokenBudget,
      policy.maxTokens ?? Infinity,
      callBudget ?? Infinity,
    );
    // The version says how many compactions there were: most often none, and nothing to ask for.
    const compactions = version > lastSeq ? await this.compactions.activeAt(id, version) : [];
    const runs = new LiveRuns(lastSeq, conversation.tokensTotal, compactions);
    const pinned = newestThatFit(compactions, ({ tokenEstimate }) => tokenEstimate, budgetTokens);
    const summaries = await this.compactions.summaries(id, pinned, maxBytes);
    const room = {
      tokens: budgetTokens - sum(summaries, ({ compaction }) => compaction.tokenEstimate),
      bytes: maxBytes - sum(summaries, ({ summary }) => sum(summary.messages, byteLength)),
    };

    const timeline = new LogTimeline(this.events, this.baseTokens, id, runs, maxBytes);
    const selection = await policy.select(timeline, conversation.now);
    const live =
      'fromSeq' in selection
        ? await this.suffix(id, conversation.history, runs, selection.fromSeq, room)
        : await this.collect(selection, room, conversation.policyStrategy);

    const segments = assemble(summaries, runs.runs, live.pieces);
    const snapshotTokens = sum(compactions, ({ tokenEstimate }) => tokenEstimate) + live.selectedTokens;
    const window = {
      version,
      segments,
      snapshotTokens,
      usedTokens: sum(segments, ({ messages }) => sum(messages, ({ tokens }) => tokens)),
      budgetTokens,
      needsCompaction: exceedsRatio(snapshotTokens, conversation.triggerRatio, budgetTokens),
    };
    return {
      window,
      cutByBytes: live.cutByBytes || timeline.cutByBytes || summaries.length < pinned.length,
    };
  }

  /** All live events from `fromSeq` on, as many of the newest as fit: a lookup by the stored running totals. */
  private async suffix(
    id: ConversationId,
    history: string,
    live: LiveRuns,
    fromSeq: number,
    room: Room,
  ): Promise<LivePart> {
    const runs = live.from(fromSeq);
    const [oldest] = runs;
    if (!oldest) return { pieces: [], selectedTokens: 0, cutByBytes: false };
    const wanted: BudgetedRange[] = [];
    let left = room.tokens;
    for (const run of runs.toReversed()) {
      // Below zero, newer runs have used the budget up, and of this one nothing is wanted.
      const fromTokens = left < 0 ? Number.MAX_SAFE_INTEGER : run.tokensThrough - left;
      wanted.unshift({ fromSeq: Math.max(run.fromSeq, fromSeq), toSeq: run.toSeq, fromTokens });
      left -= run.tokensThrough - run.tokensBefore;
    }
    const read = await this.events.suffix(id, history, wanted, room.bytes);
    const { events, tokensBefore, skippedBytes } = read;
    return {
      pieces: events.map((stored) => ({ stored, tokens: stored.tokenEstimate })),
      selectedTokens:
        sum(runs, (run) => run.tokensThrough - run.tokensBefore) - (tokensBefore - oldest.tokensBefore),
      cutByBytes: skippedBytes !== undefined,
    };
  }

  /** What a policy yields one by one: the newest that fit are kept, the rest only counted. */
  private async collect(
    selection: AsyncIterable<LiveEvent>,
    room: Room,
    strategy: string,
  ): Promise<LivePart> {
    const pieces: LivePiece[] = [];
    let selectedTokens = 0;
    let bytes = 0;
    let open = true;
    let previous = Infinity;
    for await (const event of selection) {
      if (!(event instanceof StoredLiveEvent) || event.seq >= previous) {
        throw new Error(`the policy "${strategy}" must yield events of the timeline, newest first`);
      }
      previous = event.seq;
      selectedTokens += event.tokens;
      bytes += byteLength(event.stored.body);
      open &&= selectedTokens <= room.tokens && bytes <= room.bytes;
      if (open) pieces.push(toPiece(event));
    }
    return { pieces: pieces.reverse(), selectedTokens, cutByBytes: bytes > room.bytes };
  }
}

function toPiece({ stored, tokens, places, whole }: StoredLiveEvent): LivePiece {
  return whole ? { stored, tokens } : { stored, tokens, places };
}

function byteLength(text: string): number {
  return Buffer.byteLength(text);
}

function sum<T>(items: readonly T[], valueOf: (item: T) => number): number {
  return items.reduce((total, item) => total + valueOf(item), 0);
}
