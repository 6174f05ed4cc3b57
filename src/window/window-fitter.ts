import { unansweredCalls, type Format, type OutlinedEvent } from '@fastpaca/messages';
import type { Compaction, Summary } from '../compaction/compaction.js';
import type { LiveGroup } from './live-group.js';
import type { PinnedMessages } from './pinned-messages.js';
import { runCandidates, type GroupChoice } from './run-candidates.js';
import type { TrimSteps } from './trim-steps.js';
import { summaryMessages, type WindowMessage } from './window-message.js';
import { repairMessages, type AddedTokens, type RepairedMessages } from './window-repair.js';

/** A compaction with its replacement messages. */
export interface StoredSummary {
  compaction: Compaction;
  summary: Summary;
}

/** What is in a window. */
export interface WindowContent {
  pins: readonly LiveGroup[];
  /** Ascending. */
  summaries: readonly StoredSummary[];
  /** The newest groups, without a gap. */
  run: readonly LiveGroup[];
  /** In the order of the window, before repairs. */
  messages: readonly WindowMessage[];
  repaired: RepairedMessages;
  /** Tokens after repairs. */
  usedTokens: number;
}

/** Decides what fits into one window: pinned events first, then summaries, then the newest groups. Repairs count. */
export class WindowFitter {
  /** Pinned events and summaries that fit without any group. */
  readonly fixed: WindowContent;

  /**
   * @param summaries ascending; they fit the budget together with all pinned events
   * @param budgetTokens in stored counts
   * @param format of the window: its renderer repairs, and also answers calls that may stay open elsewhere
   */
  constructor(
    private readonly pins: PinnedMessages,
    summaries: readonly StoredSummary[],
    private readonly budgetTokens: number,
    private readonly format: Format | undefined,
    private readonly addedTokens: AddedTokens,
  ) {
    this.fixed = this.fitPinsAndSummaries(summaries);
  }

  /** What is left of the budget for groups. */
  get remainingTokens(): number {
    const { pins, summaries } = this.fixed;
    const summaryTokens = summaries.reduce((sum, { compaction }) => sum + compaction.tokenEstimate, 0);
    return this.budgetTokens - pins.reduce((sum, { tokens }) => sum + tokens, summaryTokens);
  }

  /** The window with the first run of groups that fits; undefined if none does. */
  fit(choice: GroupChoice, steps: TrimSteps): WindowContent | undefined {
    for (const run of runCandidates(choice, this.remainingTokens, steps)) {
      const content = this.withRun(run);
      if (content) return content;
    }
    return undefined;
  }

  /** The window with these groups; undefined if they do not fit. */
  withRun(run: readonly LiveGroup[]): WindowContent | undefined {
    const tokens = run.reduce((sum, group) => sum + group.tokens, 0);
    if (tokens > this.remainingTokens) return undefined;
    return this.fitting({ ...this.fixed, run });
  }

  /** Tokens of the results that the format adds to calls without one; 0 without a format. */
  answerTokens(events: readonly OutlinedEvent[]): number {
    if (!this.format) return 0;
    const { base, result } = this.addedTokens;
    return unansweredCalls(events).length * ((base.get('tool') ?? 0) + result);
  }

  private fitPinsAndSummaries(summaries: readonly StoredSummary[]): WindowContent {
    let pins = this.pins.thatFit(this.budgetTokens);
    // Nothing else is in the window if not even all pinned events fit.
    let kept = this.pins.isAll(pins) ? summaries : [];
    for (;;) {
      const content = this.fitting({ pins, summaries: kept, run: [] });
      if (content) return content;
      if (kept.length > 0) kept = kept.slice(1);
      else pins = pins.slice(0, -1);
    }
  }

  private fitting(parts: Pick<WindowContent, 'pins' | 'summaries' | 'run'>): WindowContent | undefined {
    const messages = this.inOrder(parts);
    const repaired = this.format ? { messages, repairs: [] } : repairMessages(messages, this.addedTokens);
    const answerTokens = this.format ? this.answerTokens(outlinedInOrder(messages)) : 0;
    const usedTokens = repaired.messages.reduce((sum, { tokens }) => sum + tokens, answerTokens);
    return usedTokens <= this.budgetTokens ? { ...parts, messages, repaired, usedTokens } : undefined;
  }

  /** Ascending by seq. A summary stands at the beginning of its range, but behind the head of the log. */
  private inOrder({
    pins,
    summaries,
    run,
  }: Pick<WindowContent, 'pins' | 'summaries' | 'run'>): WindowMessage[] {
    const live = run.flatMap(({ messages }) => messages ?? []);
    const pinned = pins.flatMap((group) => group.messages ?? []);
    const lastPin = pinned.at(-1)?.seq ?? 0;
    if (summaries.length === 0 && lastPin < (live[0]?.seq ?? Infinity)) return [...pinned, ...live];
    const messages = [
      ...summaries.flatMap(({ compaction, summary }) => summaryMessages(compaction, summary)),
      ...pinned,
      ...live,
    ];
    const position = (message: WindowMessage) => (this.pins.isHead(message) ? 0 : message.seq);
    return messages.sort((a, b) => position(a) - position(b));
  }
}

/** Positions stand for seqs, because the messages of a summary share theirs. */
function outlinedInOrder(messages: readonly WindowMessage[]): OutlinedEvent[] {
  return messages.map(({ outline }, index) => ({ seq: index, outline }));
}
