import { Injectable, type OnModuleInit } from '@nestjs/common';
import { isUnstored, type Compaction } from '../compaction/compaction.js';
import { CompactionService } from '../compaction/compaction.service.js';
import { turnAfter } from '../common/in-turns.js';
import type { ConversationRecord } from '../conversations/conversation.js';
import { EventsService } from '../events/events.service.js';
import type { SeqRange } from '../events/stored-event.js';
import { disjointRanges } from '../events/withdrawn-ranges.js';
import type { ConfiguredPolicy } from '../policies/policy.registry.js';
import { MessageTokenCounter } from '../tokens/message-token-counter.js';
import { segmentsOf } from './assemble.js';
import { newestThatFit, RemainingBudget } from './budget-fit.js';
import { explainRuns, prefixCause, type WindowExplanation, type WindowMaking } from './explanation.js';
import type { GroupSize } from './group-size.js';
import type { LiveGroup } from './live-group.js';
import { LiveRanges } from './live-ranges.js';
import { LiveSelector, type LiveSelection } from './live-selector.js';
import { needsCompaction } from './needs-compaction.js';
import { PinnedMessages } from './pinned-messages.js';
import { settingsDigest, windowPrefix } from './prefix.js';
import { shrunkGroups } from './shrink.js';
import { TrimSteps } from './trim-steps.js';
import type { Window } from './window.js';
import { WindowBudget } from './window-budget.js';
import { WindowFitter, type StoredSummary, type WindowContent } from './window-fitter.js';
import type { WindowRequest } from './window-request.js';
import { windowTokenCounts, type WindowTokenCounts } from './window-token-counts.js';

/** The parts of a snapshot that no policy decides about. */
interface FixedParts {
  /** All active ones, ascending. */
  compactions: readonly Compaction[];
  pins: PinnedMessages;
  /** The newest compactions whose summaries fit beside the pinned events. */
  affordable: readonly Compaction[];
  /** The summaries of these, as far as their bytes allow. */
  summaries: readonly StoredSummary[];
  /** Of all pinned events and all summaries. */
  tokens: number;
  /** Of the pinned events and summaries that were read. */
  bytes: number;
  cutByBytes: boolean;
}

/** What is known of a window before it is decided which groups are in it. */
interface WindowParts {
  budget: WindowBudget;
  fixed: FixedParts;
  /** Whether the window needs a compaction with so many live tokens. */
  needs: (liveTokens: number) => boolean;
  live: LiveRanges;
  fitter: WindowFitter;
  selector: LiveSelector;
  selection: LiveSelection;
  steps: TrimSteps;
  policy: ConfiguredPolicy;
  maxBytes: number;
}

interface FittedWindow {
  content: WindowContent;
  /** The newest group, if it is left out because not even its shortened form fits. */
  leftOut?: LiveGroup;
  overflow?: GroupSize;
  cutByBytes: boolean;
}

interface BuiltWindow {
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
  /** For conversations without a model. */
  private defaultCounts?: WindowTokenCounts;

  constructor(
    private readonly compactions: CompactionService,
    private readonly events: EventsService,
    private readonly messageTokens: MessageTokenCounter,
  ) {}

  async onModuleInit(): Promise<void> {
    this.defaultCounts = await windowTokenCounts(this.messageTokens, null);
  }

  /** @param maxBytes most bytes of messages; the oldest live events are dropped first, then the oldest summaries */
  async build(request: WindowRequest, maxBytes: number): Promise<Window> {
    const { window } = await this.assemble(request, await this.select(request, maxBytes));
    return window;
  }

  /** As `build`; undefined if more bytes could give more messages. */
  async buildUncut(request: WindowRequest, maxBytes: number): Promise<Window | undefined> {
    const parts = await this.select(request, maxBytes);
    if (parts.fixed.cutByBytes || parts.selection.cutByBytes) return undefined;
    const { window, cutByBytes } = await this.assemble(request, parts);
    return cutByBytes ? undefined : window;
  }

  private async select(request: WindowRequest, maxBytes: number): Promise<WindowParts> {
    const { conversation, policy, format } = request;
    const { lastSeq, tokensTotal, triggerRatio } = conversation;
    const budget = new WindowBudget(request);
    const counts = await this.countsOf(conversation);
    const fixed = await this.readFixedParts(request, budget.tokens, maxBytes);
    const { compactions, pins, summaries } = fixed;

    const needs = (liveTokens: number) => {
      const snapshotTokens = budget.toModelTokens(fixed.tokens + liveTokens);
      return needsCompaction(snapshotTokens, triggerRatio, budget.effective);
    };
    const live = new LiveRanges(lastSeq, tokensTotal, pins.covered(compactions));
    const steps = new TrimSteps(policy.trimRatio, budget.tokens);
    const fitter = new WindowFitter(pins, summaries, budget.tokens, format, counts);
    const remaining = new RemainingBudget(fitter.remainingTokens, maxBytes - fixed.bytes);
    // An explanation needs the exact start of the selection.
    const isDecided = request.explain ? () => false : needs;
    const selector = new LiveSelector(this.events, counts, request, live, steps, remaining, isDecided);
    const selection = await selector.select(maxBytes);
    return { budget, fixed, needs, live, steps, fitter, selector, selection, policy, maxBytes };
  }

  private async assemble(request: WindowRequest, parts: WindowParts): Promise<BuiltWindow> {
    const { conversation } = request;
    const { version, lastSeq, tokensTotal } = conversation;
    const { budget, fixed, needs, live, selection } = parts;
    const { compactions, pins } = fixed;
    const fitted = await this.fit(parts);
    const { run, usedTokens, repaired } = fitted.content;
    const { messages, repairs } = repaired;
    await turnAfter(messages);
    const overflow = fitted.overflow ?? summaryOverflow(fixed, fitted.content);
    const settings = settingsDigest(request, budget.effective);
    const prefix = windowPrefix(settings, fitted.content, overflow !== undefined, compactions, live);
    await turnAfter(messages);
    const newest = { fromSeq: prefix.startSeq, toSeq: run.at(-1)?.toSeq ?? 0 };
    const window: Window = {
      version,
      segments: segmentsOf(messages, compactions, newest),
      messages,
      snapshotTokens: budget.toModelTokens(fixed.tokens + selection.selectedTokens),
      usedTokens: budget.toModelTokens(usedTokens),
      countedTokens: usedTokens,
      budgetTokens: budget.effective,
      needsCompaction: needs(selection.selectedTokens),
      ...(conversation.model !== null && { tokenFactor: conversation.tokenFactor }),
      repairs,
      prefix,
      ...(overflow && { overflow }),
    };
    if (request.explain) {
      const { content, leftOut } = fitted;
      const making = { lastSeq, tokensTotal, compactions, pins, live, selection, content, leftOut };
      window.explanation = await this.explain(request, making, budget);
    }
    return { window, cutByBytes: fixed.cutByBytes || fitted.cutByBytes };
  }

  private async countsOf({ model }: ConversationRecord): Promise<WindowTokenCounts> {
    const known = model === null ? this.defaultCounts : undefined;
    return known ?? windowTokenCounts(this.messageTokens, model);
  }

  /** Reads what no policy decides about: pinned events, compactions, and the summaries that fit beside the pinned events. */
  private async readFixedParts(
    request: WindowRequest,
    budgetTokens: number,
    maxBytes: number,
  ): Promise<FixedParts> {
    const compactions = await this.activeCompactions(request);
    const readWithdrawn = () => this.withdrawnRanges(request, compactions);
    const pins = await PinnedMessages.read(this.events, request, readWithdrawn, maxBytes);
    const remainingTokens = budgetTokens - pins.tokens;
    const summarized = compactions.filter(({ withdrawn }) => !withdrawn);
    const affordable = newestThatFit(summarized, ({ tokenEstimate }) => tokenEstimate, remainingTokens);
    const summaries = await this.compactions.summaries(request.id, affordable, maxBytes - pins.bytes);
    return {
      compactions,
      pins,
      affordable,
      summaries,
      tokens: pins.tokens + sum(compactions, ({ tokenEstimate }) => tokenEstimate),
      bytes: pins.bytes + sum(summaries, ({ summary }) => sum(summary.messages, byteLength)),
      cutByBytes: pins.cutByBytes || summaries.length < affordable.length,
    };
  }

  /** Decides which groups are in the window. If not even the newest one fits, its tool results are shortened, or it is left out. */
  private async fit(parts: WindowParts): Promise<FittedWindow> {
    const { fitter, selector, selection, steps, policy, maxBytes } = parts;
    const { pins } = parts.fixed;
    await turnAfter(selection.choice.events);
    const { fixed } = fitter;
    const pinOverflow = pins.overflow(fixed.pins);
    const { cutByBytes } = selection;
    if (pinOverflow) return { content: fixed, overflow: pinOverflow, cutByBytes };
    const whole = fitter.fit(selection.choice, steps);
    if (whole) return { content: whole, cutByBytes };
    const newest = await selector.newestGroup();
    if (!newest) return { content: fixed, cutByBytes };
    const { group, events } = newest;
    for await (const shrunk of shrunkGroups(group, events ?? [], policy.placeholder)) {
      const content = fitter.withRun([shrunk]);
      if (content) return { content, cutByBytes };
    }
    const tokens = group.tokens + fitter.answerTokens(newest.outlined);
    const older = await selector.select(maxBytes, group);
    return {
      content: fitter.fit(older.choice, steps) ?? fixed,
      leftOut: group,
      overflow: { seq: group.toSeq, tokens },
      cutByBytes: cutByBytes || older.cutByBytes || !events,
    };
  }

  private async explain(
    request: WindowRequest,
    madeFrom: Omit<WindowMaking, 'withdrawn'>,
    budget: WindowBudget,
  ): Promise<WindowExplanation> {
    const making = { ...madeFrom, withdrawn: await this.withdrawnRanges(request, madeFrom.compactions) };
    const runs = await explainRuns(making, (seqs) => this.events.tokensThroughEach(request.id, seqs));
    return {
      runs: runs.map((run) => ({ ...run, tokens: budget.toModelTokens(run.tokens) })),
      prefixChangedBy: prefixCause(making),
    };
  }

  /** `version − lastSeq` is the number of compactions so far; it is usually 0, which saves the query. */
  private async activeCompactions({
    id,
    conversation,
    compactions,
  }: WindowRequest): Promise<readonly Compaction[]> {
    if (compactions) return compactions;
    const { version, lastSeq } = conversation;
    return version > lastSeq ? this.compactions.activeAt(id, version) : [];
  }

  /** The withdrawn parts of the log, ascending and disjoint, also those of a previewed withdrawal. */
  private async withdrawnRanges(
    { id, conversation }: WindowRequest,
    compactions: readonly Compaction[],
  ): Promise<readonly SeqRange[]> {
    const log = { fromSeq: 1, toSeq: conversation.lastSeq };
    const stored = await this.events.withdrawn(id, conversation, log);
    const previewed = compactions.filter((each) => each.withdrawn && isUnstored(each));
    return previewed.length > 0 ? disjointRanges([...stored, ...previewed]) : stored;
  }
}

/** The newest summarized range, if the window is empty because not even its summary fits together with its repairs. */
function summaryOverflow(
  { compactions }: FixedParts,
  { summaries, repaired }: WindowContent,
): GroupSize | undefined {
  const newest = compactions.findLast(({ withdrawn }) => !withdrawn);
  const isCause = repaired.messages.length === 0 && summaries.length === 0;
  return isCause && newest ? { seq: newest.toSeq, tokens: newest.tokenEstimate } : undefined;
}

function byteLength(text: string): number {
  return Buffer.byteLength(text);
}

function sum<T>(items: readonly T[], valueOf: (item: T) => number): number {
  return items.reduce((total, item) => total + valueOf(item), 0);
}
