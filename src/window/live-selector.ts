import { mayBeginEarlier, type OutlinedEvent } from '@fastpaca/messages';
import { MAX_GROUP_EVENTS, type EventsService } from '../events/events.service.js';
import { rangesBefore, rangesFrom } from '../events/seq-ranges.js';
import type { LiveEvent } from '../policies/timeline.js';
import { isBeforeCut, type NewestEvents } from '../policies/window-policy.js';
import type { RemainingBudget } from './budget-fit.js';
import { cutAtGroup, GroupCuts, newestGroupOf, type GroupSize } from './group-cut.js';
import type { LiveRanges, TokenRange } from './live-ranges.js';
import { LogTimeline, StoredLiveEvent, type TokenCounts } from './log-timeline.js';
import type { WindowRequest } from './window-request.js';
import { eventMessage, type WindowMessage } from './window-message.js';

/** The live events of a window: whole groups, as many of the newest as fit. */
export interface LiveSelection {
  /** Ascending. */
  messages: WindowMessage[];
  /** Tokens of all events that the policy selected. */
  selectedTokens: number;
  cutByBytes: boolean;
  /** The newest group, if not even that fits. */
  overflow?: GroupSize;
}

/** An event that the policy selected. */
interface SelectedEvent extends OutlinedEvent {
  tokens: number;
  /** Undefined if it does not fit. */
  message: WindowMessage | undefined;
}

/** Selects the live events of one window: what the policy selects, cut at groups, as far as it fits the budget. */
export class LiveSelector {
  private readonly cuts: GroupCuts;

  /**
   * @param isDecided whether a snapshot with at least these live tokens needs a compaction, whatever else is in it: the snapshot is
   * then not counted exactly
   */
  constructor(
    private readonly events: EventsService,
    private readonly counts: TokenCounts,
    private readonly request: WindowRequest,
    private readonly live: LiveRanges,
    private readonly isDecided: (liveTokens: number) => boolean,
  ) {
    const { id, conversation } = request;
    this.cuts = new GroupCuts(events, id, conversation.history, live);
  }

  async select(remaining: RemainingBudget, maxScannedBytes: number): Promise<LiveSelection> {
    const { id, conversation, policy } = this.request;
    const timeline = new LogTimeline(this.events, this.counts, id, this.live, maxScannedBytes);
    const selection = await policy.select(timeline, conversation.now);
    const selected =
      'fromSeq' in selection
        ? await this.readFrom(selection.fromSeq, remaining)
        : await this.collect(selection, remaining);
    // A policy may also scan the timeline to compute `fromSeq`.
    const cutByBytes = selected.cutByBytes || timeline.cutByBytes;
    const isEmpty = selected.messages.length === 0 && selected.selectedTokens > 0;
    const overflow = selected.overflow ?? (isEmpty ? await this.cuts.newestGroup() : undefined);
    return { ...selected, cutByBytes, ...(overflow && { overflow }) };
  }

  /** All live events from `fromSeq` on. Reads only those that fit: the stored running totals say where the cut is. */
  private async readFrom(fromSeq: number, budget: RemainingBudget): Promise<LiveSelection> {
    const { id, conversation } = this.request;
    const remaining = budget.copy();
    const wanted = this.rangesFrom(fromSeq)
      .toReversed()
      .map((range) => remaining.takeRange(range))
      .reverse();
    const [oldest] = wanted;
    if (!oldest) return { messages: [], selectedTokens: 0, cutByBytes: false };
    const read = await this.events.suffix(id, conversation.history, wanted, remaining.bytes);
    const kept = read.events.map((event) => eventMessage(event, event.tokenEstimate));
    const isComplete = kept[0]?.seq === oldest.fromSeq;
    const cut = await this.cuts.move(kept);
    // A policy keeps the newest group whole.
    if (isComplete && cut.newestGroupFromSeq !== undefined)
      return this.readFrom(cut.newestGroupFromSeq, budget);
    const messages = cut.fromSeq === kept[0]?.seq ? kept : kept.filter(({ seq }) => seq >= cut.fromSeq);
    const first = read.events[kept.length - messages.length];
    let start = { seq: oldest.fromSeq, tokensBefore: read.tokensBefore };
    if (isComplete && first)
      start = { seq: first.seq, tokensBefore: first.tokensThrough - first.tokenEstimate };
    if (!isComplete && !this.isDecided(sumOfTokens(messages))) start = await this.policyStart(oldest.fromSeq);
    return { messages, selectedTokens: this.tokensFrom(start), cutByBytes: read.skippedBytes !== undefined };
  }

  /** Where the selection of a policy begins after its cut has been moved to a group. Needed if the budget cuts later. */
  private async policyStart(fromSeq: number): Promise<SelectionStart> {
    const { id, conversation } = this.request;
    const lastPosition = Math.min(this.live.count, this.live.positionOf(fromSeq) + MAX_GROUP_EVENTS - 1);
    const ranges = rangesBefore(this.rangesFrom(fromSeq), this.live.seqAt(lastPosition) + 1);
    const kept = await this.events.outlines(id, conversation.history, ranges, MAX_GROUP_EVENTS);
    const cut = await this.cuts.move(kept);
    const seq = cut.newestGroupFromSeq ?? cut.fromSeq;
    return { seq, tokensBefore: await this.events.tokensThrough(id, seq - 1) };
  }

  /** The live ranges from `seq` on. */
  private rangesFrom(seq: number): TokenRange[] {
    return rangesFrom(this.live.ranges, seq);
  }

  /** Tokens of all live events from a seq on. */
  private tokensFrom({ seq, tokensBefore }: SelectionStart): number {
    const ranges = this.live.reaching(seq);
    const oldestBefore = Math.max(ranges[0]?.tokensBefore ?? 0, tokensBefore);
    return ranges.reduce(
      (sum, range, index) => sum + range.tokensThrough - (index === 0 ? oldestBefore : range.tokensBefore),
      0,
    );
  }

  /** The events that a policy yields, as far as they are selected. All of them count; those that fit become messages. */
  private async collect(
    selection: NewestEvents | AsyncIterable<LiveEvent>,
    remaining: RemainingBudget,
  ): Promise<LiveSelection> {
    const { lastSeq } = this.live;
    const { kept, older } = await this.readYielded(selection, remaining);
    const { fromSeq, newestGroupFromSeq } = cutAtGroup(older, kept, lastSeq);
    // A policy keeps the newest group whole.
    const rest = older.filter(({ seq }) => newestGroupFromSeq !== undefined && seq >= newestGroupFromSeq);
    const selected = rest.length
      ? [...selectedEvents(rest, remaining), ...kept]
      : kept.filter(({ seq }) => seq >= fromSeq);
    const fitting = selected.filter(({ message }) => message);
    const others = selected.slice(0, selected.length - fitting.length);
    const cut = cutAtGroup(others.slice(-MAX_GROUP_EVENTS), fitting, lastSeq);
    const messages = fitting.flatMap(({ seq, message }) => (message && seq >= cut.fromSeq ? [message] : []));
    const overflow = messages.length === 0 ? newestGroupOf(selected.slice(-MAX_GROUP_EVENTS)) : undefined;
    return {
      messages,
      selectedTokens: sumOfTokens(selected),
      cutByBytes: remaining.cutByBytes,
      ...(overflow && { overflow }),
    };
  }

  private async readYielded(
    selection: NewestEvents | AsyncIterable<LiveEvent>,
    remaining: RemainingBudget,
  ): Promise<YieldedEvents> {
    const newest = 'events' in selection ? selection : undefined;
    const kept: SelectedEvent[] = [];
    const older: StoredLiveEvent[] = [];
    let previousSeq = Infinity;
    for await (const event of newest?.events ?? (selection as AsyncIterable<LiveEvent>)) {
      if (!(event instanceof StoredLiveEvent) || event.seq >= previousSeq) {
        const { policyStrategy } = this.request.conversation;
        throw new Error(`the policy "${policyStrategy}" must yield events of the timeline, newest first`);
      }
      previousSeq = event.seq;
      if (!newest || !isBeforeCut(newest, event, kept.length)) {
        kept.push(selectedEvent(event, remaining));
        continue;
      }
      const isInside = older.length > 0 || event.outline.isReasoning || mayBeginEarlier(kept.toReversed());
      if (isInside) older.push(event);
      if (!isInside || older.length === MAX_GROUP_EVENTS) break;
    }
    return { kept: kept.reverse(), older: older.reverse() };
  }
}

/** The first selected event, and the running token total of the log before it. */
interface SelectionStart {
  seq: number;
  tokensBefore: number;
}

function selectedEvent(event: StoredLiveEvent, remaining: RemainingBudget): SelectedEvent {
  const { seq, tokens, outline } = event;
  const fits = remaining.take(tokens, Buffer.byteLength(event.stored.body));
  return { seq, tokens, outline, message: fits ? event.toMessage() : undefined };
}

/** @param events ascending; the budget is for the newest of them first */
function selectedEvents(events: readonly StoredLiveEvent[], remaining: RemainingBudget): SelectedEvent[] {
  return events
    .toReversed()
    .map((event) => selectedEvent(event, remaining))
    .reverse();
}

function sumOfTokens(items: readonly { tokens: number }[]): number {
  return items.reduce((sum, { tokens }) => sum + tokens, 0);
}

/** Events that a policy yields, ascending. */
interface YieldedEvents {
  /** Those from the cut of the policy on. */
  kept: SelectedEvent[];
  /** Those before the cut, if it may be inside a group: as many as a group may have. */
  older: StoredLiveEvent[];
}
