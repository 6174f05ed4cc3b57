import { groupEvents, NO_RESULT_TEXT, unansweredCalls, type Format } from '@fastpaca/messages';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { Compaction } from '../compaction/compaction.js';
import { CompactionService } from '../compaction/compaction.service.js';
import { ROLES } from '../events/dto/event.schema.js';
import { EventsService } from '../events/events.service.js';
import { MessageTokenCounter } from '../tokens/message-token-counter.js';
import type { WindowRequest } from './window-request.js';
import { inOrder, segmentsOf } from './assemble.js';
import { newestThatFit, RemainingBudget } from './budget-fit.js';
import { newestGroupOf, type GroupSize } from './group-cut.js';
import { LiveRanges } from './live-ranges.js';
import { LiveSelector } from './live-selector.js';
import type { TokenCounts } from './log-timeline.js';
import { needsCompaction } from './needs-compaction.js';
import type { Window } from './window.js';
import { summaryMessages, type WindowMessage } from './window-message.js';
import { repairMessages, type AddedTokens, type RepairedMessages } from './window-repair.js';

interface RepairedWindowMessages extends RepairedMessages {
  usedTokens: number;
  /** The newest group, if it does not fit together with what has to be added to it. */
  overflow?: GroupSize;
}

export interface BuiltWindow {
  window: Window;
  /** Whether more bytes could have given more messages. */
  cutByBytes: boolean;
}

/**
 * Builds windows: timeline → policy → budget → repair → segments. A window is a pure function of the log, the compactions, the
 * policy and the budget as of one version, and of the database's clock if the policy uses it. No transaction is needed: events up
 * to a version never change, and a compaction records at which versions it was active.
 */
@Injectable()
export class WindowBuilder implements OnModuleInit {
  private readonly baseTokens = new Map<string, number>();
  private readonly counts: TokenCounts = { base: this.baseTokens, ofText: (text) => this.tokensOfText(text) };
  private addedTokens: AddedTokens = { base: this.baseTokens, result: 0 };

  constructor(
    private readonly compactions: CompactionService,
    private readonly events: EventsService,
    private readonly messageTokens: MessageTokenCounter,
  ) {}

  async onModuleInit(): Promise<void> {
    for (const role of ROLES) this.baseTokens.set(role, (await this.messageTokens.count(role, [])).total);
    this.addedTokens = { base: this.baseTokens, result: await this.tokensOfText(NO_RESULT_TEXT) };
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

    const summaryTokens = sum(compactions, ({ tokenEstimate }) => tokenEstimate);
    const needs = (liveTokens: number) =>
      needsCompaction(summaryTokens + liveTokens, triggerRatio, budgetTokens);
    const liveRanges = new LiveRanges(lastSeq, tokensTotal, compactions);
    const selector = new LiveSelector(this.events, this.counts, request, liveRanges, needs);
    const live = await selector.select(remaining, maxBytes);

    const summarized = summaries.flatMap(({ compaction, summary }) => summaryMessages(compaction, summary));
    const repaired = this.repairWithin(budgetTokens, summarized, live.messages, request.format);
    const { messages, repairs, usedTokens } = repaired;
    const overflow = live.overflow ?? repaired.overflow ?? summaryOverflow(compactions, affordable, messages);
    const window: Window = {
      version,
      segments: segmentsOf(messages, liveRanges.ranges),
      messages,
      snapshotTokens: summaryTokens + live.selectedTokens,
      usedTokens,
      budgetTokens,
      needsCompaction: needs(live.selectedTokens),
      repairs,
      ...(overflow && { overflow }),
    };
    return { window, cutByBytes: live.cutByBytes || summaries.length < affordable.length };
  }

  /** `version − lastSeq` is the number of compactions so far; it is usually 0, which saves the query. */
  private async activeCompactions({ id, conversation }: WindowRequest): Promise<Compaction[]> {
    const { version, lastSeq } = conversation;
    return version > lastSeq ? this.compactions.activeAt(id, version) : [];
  }

  /**
   * Repairs the messages. If results that are added exceed the budget, the oldest groups of live events are left out, and then the
   * oldest summaries.
   */
  private repairWithin(
    budgetTokens: number,
    summaries: readonly WindowMessage[],
    liveMessages: readonly WindowMessage[],
    format: Format | undefined,
  ): RepairedWindowMessages {
    let [kept, live] = [summaries, liveMessages];
    for (;;) {
      const repaired = this.repair(inOrder(kept, live), format);
      if (repaired.usedTokens <= budgetTokens) {
        const overflow = live.length === 0 ? this.newestGroup(liveMessages, format) : undefined;
        return { ...repaired, ...(overflow && { overflow }) };
      }
      if (live.length > 0) live = withoutOldestGroup(live);
      else kept = kept.filter(({ seq }) => seq !== kept[0]?.seq);
    }
  }

  private repair(messages: readonly WindowMessage[], format: Format | undefined): RepairedWindowMessages {
    // The renderer of a format repairs itself, and also answers calls that may stay open elsewhere.
    const repaired = format ? { messages, repairs: [] } : repairMessages(messages, this.addedTokens);
    const addedTokens = format ? this.tokensOfAnswers(messages) : 0;
    return { ...repaired, usedTokens: sum(repaired.messages, ({ tokens }) => tokens) + addedTokens };
  }

  /** The newest group with what a format adds to it. */
  private newestGroup(messages: readonly WindowMessage[], format: Format | undefined): GroupSize | undefined {
    const group = newestGroupOf(messages);
    if (!group || !format) return group;
    const fromSeq = groupEvents(messages).at(-1)?.fromSeq ?? 0;
    const answers = this.tokensOfAnswers(messages.filter(({ seq }) => seq >= fromSeq));
    return { ...group, tokens: group.tokens + answers };
  }

  private async tokensOfText(text: string): Promise<number> {
    const { items } = await this.messageTokens.count('tool', [[text]]);
    return items[0] ?? 0;
  }

  /** Tokens of the results that a format adds to calls without one. */
  private tokensOfAnswers(messages: readonly WindowMessage[]): number {
    const { base, result } = this.addedTokens;
    const outlined = messages.map(({ outline }, index) => ({ seq: index, outline }));
    return unansweredCalls(outlined).length * ((base.get('tool') ?? 0) + result);
  }
}

/** The newest compaction, if the window is empty because not even its summary fits. */
function summaryOverflow(
  compactions: readonly Compaction[],
  affordable: readonly Compaction[],
  messages: readonly WindowMessage[],
): GroupSize | undefined {
  const newest = compactions.at(-1);
  const isCause = messages.length === 0 && affordable.length === 0;
  return isCause && newest ? { seq: newest.toSeq, tokens: newest.tokenEstimate } : undefined;
}

function withoutOldestGroup(messages: readonly WindowMessage[]): readonly WindowMessage[] {
  const [oldest] = groupEvents(messages);
  return messages.filter(({ seq }) => oldest && seq > oldest.toSeq);
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
