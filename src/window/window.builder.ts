import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { ConversationId } from '../common/conversation-id.js';
import type { Compaction } from '../compaction/compaction.js';
import { CompactionService } from '../compaction/compaction.service.js';
import type { ConversationRecord } from '../conversations/conversation.js';
import { ROLES } from '../events/dto/event.schema.js';
import { EventsService } from '../events/events.service.js';
import type { ConfiguredPolicy } from '../policies/policy.registry.js';
import type { LiveEvent } from '../policies/timeline.js';
import { MessageTokenCounter } from '../tokens/message-token-counter.js';
import { assemble } from './assemble.js';
import { newestThatFit, RemainingBudget } from './budget-fit.js';
import { LiveRanges } from './live-ranges.js';
import { LogTimeline, StoredLiveEvent } from './log-timeline.js';
import { needsCompaction } from './needs-compaction.js';
import type { Window } from './window.js';
import { eventMessage, type WindowMessage } from './window-message.js';

/** Everything that decides a window. */
export interface WindowRequest {
  id: ConversationId;
  /** Version, end of the log, token total and settings. The log and the compactions are read as of its version. */
  conversation: ConversationRecord;
  policy: ConfiguredPolicy;
  /** Narrows the budget; undefined if the caller gave none. */
  callBudgetTokens?: number;
}

export interface BuiltWindow {
  window: Window;
  /** Whether more bytes could have given more messages. */
  cutByBytes: boolean;
}

/** The live events of a window. */
interface LiveSelection {
  /** Those that fit the budget, ascending. */
  messages: WindowMessage[];
  /** Tokens of all events that the policy selected. */
  selectedTokens: number;
  cutByBytes: boolean;
}

/**
 * Builds windows: timeline → policy → budget → segments. A window is a pure function of the log, the compactions, the
 * policy and the budget as of one version, and of the database's clock if the policy uses it. No transaction is needed:
 * events up to a version never change, and a compaction records at which versions it was active.
 */
@Injectable()
export class WindowBuilder implements OnModuleInit {
  private readonly baseTokens = new Map<string, number>();

  constructor(
    private readonly compactions: CompactionService,
    private readonly events: EventsService,
    private readonly messageTokens: MessageTokenCounter,
  ) {}

  async onModuleInit(): Promise<void> {
    for (const role of ROLES) this.baseTokens.set(role, (await this.messageTokens.count(role, [])).total);
  }

  /** @param maxBytes most bytes of messages; the oldest live events are dropped first, then the oldest summaries */
  async build(request: WindowRequest, maxBytes: number): Promise<BuiltWindow> {
    const { id, conversation } = request;
    const { version, lastSeq, tokensTotal, triggerRatio } = conversation;
    const budgetTokens = effectiveBudget(request);

    const compactions = await this.activeCompactions(request);
    const affordable = newestThatFit(compactions, ({ tokenEstimate }) => tokenEstimate, budgetTokens);
    const summaries = await this.compactions.summaries(id, affordable, maxBytes);
    const remaining = new RemainingBudget(budgetTokens, maxBytes);
    for (const { compaction, summary } of summaries)
      remaining.take(compaction.tokenEstimate, sum(summary.messages, byteLength));

    const liveRanges = new LiveRanges(lastSeq, tokensTotal, compactions);
    const live = await this.selectLive(request, liveRanges, remaining, maxBytes);

    const segments = assemble(summaries, liveRanges.ranges, live.messages);
    const messages = segments.flatMap((segment) => segment.messages);
    const snapshotTokens = sum(compactions, ({ tokenEstimate }) => tokenEstimate) + live.selectedTokens;
    const window = {
      version,
      segments,
      messages,
      snapshotTokens,
      usedTokens: sum(messages, ({ tokens }) => tokens),
      budgetTokens,
      needsCompaction: needsCompaction(snapshotTokens, triggerRatio, budgetTokens),
    };
    return { window, cutByBytes: live.cutByBytes || summaries.length < affordable.length };
  }

  /** `version − lastSeq` is the number of compactions so far; it is usually 0, which saves the query. */
  private async activeCompactions({ id, conversation }: WindowRequest): Promise<Compaction[]> {
    const { version, lastSeq } = conversation;
    return version > lastSeq ? this.compactions.activeAt(id, version) : [];
  }

  /** What the policy selects of the live events, as far as it fits what the summaries leave of the budget. */
  private async selectLive(
    request: WindowRequest,
    liveRanges: LiveRanges,
    remaining: RemainingBudget,
    maxScannedBytes: number,
  ): Promise<LiveSelection> {
    const { id, conversation, policy } = request;
    const timeline = new LogTimeline(this.events, this.baseTokens, id, liveRanges, maxScannedBytes);
    const selection = await policy.select(timeline, conversation.now);
    const live =
      'fromSeq' in selection
        ? await this.readFrom(request, liveRanges, selection.fromSeq, remaining)
        : await collect(selection, remaining, conversation.policyStrategy);
    // A policy may also scan the timeline to compute `fromSeq`.
    return { ...live, cutByBytes: live.cutByBytes || timeline.cutByBytes };
  }

  /** All live events from `fromSeq` on. Reads only those that fit: the stored running totals say where the cut is. */
  private async readFrom(
    { id, conversation }: WindowRequest,
    liveRanges: LiveRanges,
    fromSeq: number,
    remaining: RemainingBudget,
  ): Promise<LiveSelection> {
    const ranges = liveRanges.reaching(fromSeq);
    const [oldest] = ranges;
    if (!oldest) return { messages: [], selectedTokens: 0, cutByBytes: false };
    const wanted = ranges
      .toReversed()
      .map((range) => remaining.takeRange({ ...range, fromSeq: Math.max(range.fromSeq, fromSeq) }))
      .reverse();
    const read = await this.events.suffix(id, conversation.history, wanted, remaining.bytes);
    const tokensOfRanges = sum(ranges, ({ tokensBefore, tokensThrough }) => tokensThrough - tokensBefore);
    // The oldest range may begin before `fromSeq`; the policy did not select that part of it.
    const unselectedTokens = read.tokensBefore - oldest.tokensBefore;
    return {
      messages: read.events.map((event) => eventMessage(event, event.tokenEstimate)),
      selectedTokens: tokensOfRanges - unselectedTokens,
      cutByBytes: read.skippedBytes !== undefined,
    };
  }
}

/** The events that a policy yields. All of them count as selected; those that fit become messages. */
async function collect(
  selection: AsyncIterable<LiveEvent>,
  remaining: RemainingBudget,
  strategy: string,
): Promise<LiveSelection> {
  const messages: WindowMessage[] = [];
  let selectedTokens = 0;
  let previousSeq = Infinity;
  for await (const event of selection) {
    if (!(event instanceof StoredLiveEvent) || event.seq >= previousSeq) {
      throw new Error(`the policy "${strategy}" must yield events of the timeline, newest first`);
    }
    const { stored, tokens, partIndexes } = event;
    previousSeq = event.seq;
    selectedTokens += tokens;
    if (remaining.take(tokens, byteLength(stored.body)))
      messages.push(eventMessage(stored, tokens, partIndexes));
  }
  return { messages: messages.reverse(), selectedTokens, cutByBytes: remaining.cutByBytes };
}

/** The least of the conversation's, the policy's and the caller's budget. */
function effectiveBudget({ conversation, policy, callBudgetTokens }: WindowRequest): number {
  return Math.min(conversation.tokenBudget, policy.maxTokens ?? Infinity, callBudgetTokens ?? Infinity);
}

function byteLength(text: string): number {
  return Buffer.byteLength(text);
}

function sum<T>(items: readonly T[], valueOf: (item: T) => number): number {
  return items.reduce((total, item) => total + valueOf(item), 0);
}
