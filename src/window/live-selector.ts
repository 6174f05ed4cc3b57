import { dependOnEarlier, type OutlinedEvent } from '@fastpaca/messages';
import { mapInTurns, turnAfter } from '../common/in-turns.js';
import { MAX_GROUP_EVENTS, type EventsService } from '../events/events.service.js';
import type { OutlinedLogEvent } from '../events/outlined-log-event.js';
import { rangesBefore, rangesFrom } from '../events/seq-ranges.js';
import type { SeqRange, SuffixRange } from '../events/stored-event.js';
import { storedOutline } from '../events/stored-outline.js';
import type { LiveEvent } from '../policies/timeline.js';
import type { NewestEvents, Selection } from '../policies/window-policy.js';
import type { RemainingBudget } from './budget-fit.js';
import { cutAtGroup, GroupContext } from './group-cut.js';
import { liveGroups, sumOfTokens, type LiveGroup, type SizedEvent } from './live-group.js';
import type { LiveRanges, TokenRange } from './live-ranges.js';
import { LogTimeline, StoredLiveEvent, type TokenCounts } from './log-timeline.js';
import { firstThatFits, GroupChoice } from './run-candidates.js';
import { sizedStoredEvent } from './sized-events.js';
import type { TrimSteps } from './trim-steps.js';
import type { WindowRequest } from './window-request.js';
import { readYielded } from './yielded-events.js';

/** What a policy selected of the live events. */
export interface LiveSelection {
  choice: GroupChoice;
  /** Tokens of all events that the policy selected. */
  selectedTokens: number;
  cutByBytes: boolean;
  /** The policy selected all live events from this seq on; undefined if it yielded events. */
  fromSeq?: number;
  /** The events that the policy yielded, as far as it selected them; ascending. */
  events?: readonly SizedEvent[];
}

/** The newest group of a selection, with its events: their outputs may have to be removed. */
export interface NewestGroup {
  group: LiveGroup;
  outlined: readonly OutlinedEvent[];
  /** Ascending; undefined if they have too many bytes. */
  events: readonly StoredLiveEvent[] | undefined;
}

/** Reads the live events that the policy of one window selects, as far as they may fit the budget, in whole groups. */
export class LiveSelector {
  private readonly context: GroupContext;
  private yielded?: { choice: GroupChoice; newest: readonly StoredLiveEvent[] };
  private hasEvents = false;

  /**
   * @param remaining what pinned events and summaries have left of the budget
   * @param isDecided whether a snapshot with at least these live tokens needs a compaction, whatever else is in it: the snapshot is
   * then not counted exactly
   */
  constructor(
    private readonly events: EventsService,
    private readonly counts: TokenCounts,
    private readonly request: WindowRequest,
    private readonly live: LiveRanges,
    private readonly steps: TrimSteps,
    private readonly remaining: RemainingBudget,
    private readonly isDecided: (liveTokens: number) => boolean,
  ) {
    const { id, conversation } = request;
    this.context = new GroupContext(events, id, conversation.history, live);
  }

  /** @param newest leaves out this group, the newest one. `selectedTokens` are then those of the groups only */
  async select(maxScannedBytes: number, newest?: LiveGroup): Promise<LiveSelection> {
    const { id, conversation, policy } = this.request;
    const timeline = new LogTimeline(this.events, this.counts, id, this.live, maxScannedBytes);
    const selection = await policy.select(timeline, conversation.now);
    const selected = await this.read(selection, newest);
    // A policy may also scan the timeline to compute `fromSeq`.
    return { ...selected, cutByBytes: selected.cutByBytes || timeline.cutByBytes };
  }

  /** The newest group of what `select` has selected; undefined if nothing was selected. */
  async newestGroup(): Promise<NewestGroup | undefined> {
    const { id, conversation } = this.request;
    if (!this.hasEvents) return undefined;
    if (this.yielded) {
      const { choice, newest } = this.yielded;
      const group = choice.groups.at(-1);
      const own = newest.toReversed().filter(({ seq }) => group && seq >= group.fromSeq);
      return group && { group, outlined: own, events: own };
    }
    const newest = await this.context.before(this.live.lastSeq + 1);
    const group = liveGroups(newest).at(-1);
    if (!group) return undefined;
    const outlined = newest.filter(({ seq }) => seq >= group.fromSeq);
    const ranges = rangesFrom(this.live.ranges, group.fromSeq);
    const { history } = conversation;
    const read = await this.events.suffix(id, history, ranges.map(wholeRange), this.remaining.bytes);
    if (read.skippedBytes !== undefined) return { group, outlined, events: undefined };
    const events = read.events.map((event) =>
      StoredLiveEvent.whole(event, this.live.positionOf(event.seq), this.counts),
    );
    return { group, outlined, events };
  }

  private read(selection: Selection, newest: LiveGroup | undefined): Promise<LiveSelection> {
    if (!('fromSeq' in selection)) return this.collect(selection, newest);
    const { ranges } = this.live;
    return this.readFrom(selection.fromSeq, newest ? rangesUpTo(ranges, newest) : ranges, newest);
  }

  /**
   * All live events of `live` from `fromSeq` on. Reads only those that may fit, and those between them and the step before: the
   * stored running totals say where they begin.
   */
  private async readFrom(
    fromSeq: number,
    live: readonly TokenRange[],
    newest?: LiveGroup,
  ): Promise<LiveSelection> {
    const { id, conversation } = this.request;
    const remaining = this.remaining.copy();
    const wanted = rangesFrom(live, fromSeq)
      .toReversed()
      .map((range) => this.fromStep(remaining.takeRange(range), range))
      .reverse();
    const [oldest] = wanted;
    if (!oldest) return NOTHING_SELECTED;
    this.hasEvents = true;
    // With the event before them: whether it is only reasoning decides where the group of the first event begins.
    const previousSeq = this.seqBefore(oldest.fromSeq);
    const extended = [{ ...oldest, fromSeq: previousSeq ?? oldest.fromSeq }, ...wanted.slice(1)];
    const read = await this.events.suffix(id, conversation.history, extended, this.remaining.bytes);
    const before = read.events.find(({ seq }) => seq === previousSeq);
    const kept = await mapInTurns(before ? read.events.slice(1) : read.events, sizedStoredEvent);
    const isComplete = kept[0]?.seq === oldest.fromSeq;
    const cutByBytes = read.skippedBytes !== undefined;
    await turnAfter(kept);
    const keptGroups = isComplete ? undefined : liveGroups(kept);
    await turnAfter(kept);
    const isGroupStart = before && !storedOutline(before).isReasoning && !dependOnEarlier(kept);
    const older = isGroupStart ? [] : await this.contextOf(kept, wanted, keptGroups, cutByBytes);
    const cut = cutAtGroup(older, kept, this.live.lastSeq);
    // A policy keeps the newest group whole.
    if (isComplete && cut.newestGroupFromSeq !== undefined && !newest)
      return this.readFrom(cut.newestGroupFromSeq, live);
    const isMoved = cut.fromSeq !== kept[0]?.seq;
    const selected = isMoved ? kept.filter(({ seq }) => seq >= cut.fromSeq) : kept;
    const dropped = isMoved ? kept.filter(({ seq }) => seq < cut.fromSeq) : [];
    const known = isMoved || older.length > 0 ? undefined : keptGroups;
    const previous = liveGroups([...older, ...dropped]).at(-1);
    const isWhole = isComplete || (previous !== undefined && previous.fromSeq < oldest.fromSeq);
    const tokensBefore = before?.tokensThrough ?? read.tokensBefore;
    const start = await this.selectionStart(oldest.fromSeq, tokensBefore, selected, isWhole);
    const beforePrevious = previous?.tokensBefore ?? this.totalBefore(kept, wanted);
    return {
      choice: new GroupChoice(selected, beforePrevious, isWhole, [...older, ...dropped], known),
      selectedTokens: this.tokensFrom(start),
      cutByBytes: cutByBytes && this.mayMoreFit(kept),
      fromSeq: start.seq,
    };
  }

  /** The seq of the live event directly before `seq`, if no other event lies between them. */
  private seqBefore(seq: number): number | undefined {
    return this.live.includes(seq - 1) ? seq - 1 : undefined;
  }

  /** Extends what fits of a range to the step before it, which decides whether the first group that fits is a step. */
  private fromStep(fitting: SuffixRange, { tokensBefore, tokensThrough }: TokenRange): SuffixRange {
    const { minTokensBefore } = fitting;
    if (minTokensBefore <= tokensBefore || minTokensBefore > tokensThrough) return fitting;
    return { ...fitting, minTokensBefore: this.steps.floor(minTokensBefore) };
  }

  /**
   * The live events before `kept`, as far as they matter for its groups and steps. Usually nothing is read.
   *
   * @param groups those of `kept`; undefined if `kept` has all events of the selection
   */
  private async contextOf(
    kept: readonly SizedEvent[],
    wanted: readonly SeqRange[],
    groups: readonly LiveGroup[] | undefined,
    cutByBytes: boolean,
  ): Promise<OutlinedLogEvent[]> {
    const [first] = kept;
    if (!first || !groups || dependOnEarlier(kept)) return this.context.insideGroup(kept);
    const fitting = firstThatFits(groups, this.remaining.tokens);
    // The group of the first event may begin earlier. If the second group does not fit either, this changes nothing.
    if (fitting >= 2) return [];
    const beginsRange = wanted.some(({ fromSeq }) => fromSeq === first.seq);
    if (fitting === 0 && (beginsRange || cutByBytes)) return this.context.before(first.seq);
    return this.context.insideGroup(kept);
  }

  /**
   * A running total below the step that `kept` begins at: the group before `kept` begins at or before it. Undefined if no live event
   * is older.
   */
  private totalBefore(kept: readonly SizedEvent[], wanted: readonly SuffixRange[]): number | undefined {
    const [first] = kept;
    if (!first || this.live.positionOf(first.seq) === 1) return undefined;
    const range = wanted.find(({ toSeq }) => toSeq >= first.seq);
    return (range?.minTokensBefore ?? 0) - 1;
  }

  /** Whether bytes, and not tokens, may have kept older events out. */
  private mayMoreFit(kept: readonly SizedEvent[]): boolean {
    return sumOfTokens(kept) <= this.remaining.tokens;
  }

  /** Where the selection begins after its cut has been moved to a group. */
  private async selectionStart(
    fromSeq: number,
    tokensBefore: number,
    selected: readonly SizedEvent[],
    isWhole: boolean,
  ): Promise<SelectionStart> {
    const [first] = selected;
    if (isWhole && first) return first;
    return this.isDecided(sumOfTokens(selected)) ? { seq: fromSeq, tokensBefore } : this.policyStart(fromSeq);
  }

  private async policyStart(fromSeq: number): Promise<SelectionStart> {
    const { id, conversation } = this.request;
    const { ranges, lastSeq } = this.live;
    const lastPosition = Math.min(this.live.count, this.live.positionOf(fromSeq) + MAX_GROUP_EVENTS - 1);
    const first = rangesBefore(rangesFrom(ranges, fromSeq), this.live.seqAt(lastPosition) + 1);
    const kept = await this.events.outlines(id, conversation.history, first, MAX_GROUP_EVENTS);
    const cut = cutAtGroup(await this.context.insideGroup(kept), kept, lastSeq);
    const seq = cut.newestGroupFromSeq ?? cut.fromSeq;
    return { seq, tokensBefore: await this.events.tokensThrough(id, seq - 1) };
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

  private async collect(
    selection: NewestEvents | AsyncIterable<LiveEvent>,
    without: LiveGroup | undefined,
  ): Promise<LiveSelection> {
    const remaining = this.remaining.copy();
    const { selected, older, newest } = await readYielded(selection, remaining, without);
    const choice = new GroupChoice(selected, undefined, true, older);
    if (!without) this.yielded = { choice, newest };
    this.hasEvents ||= selected.length > 0;
    return {
      choice,
      selectedTokens: sumOfTokens(selected),
      cutByBytes: remaining.cutByBytes,
      events: selected,
    };
  }
}

const NOTHING_SELECTED: LiveSelection = {
  choice: new GroupChoice([], undefined, true),
  selectedTokens: 0,
  cutByBytes: false,
  fromSeq: Infinity,
};

/** The first selected event, and the running token total of the log before it. */
interface SelectionStart {
  seq: number;
  tokensBefore: number;
}

/** What of `ranges` (ascending) is before the newest group. */
function rangesUpTo(ranges: readonly TokenRange[], { fromSeq, tokensBefore }: LiveGroup): TokenRange[] {
  return rangesBefore(ranges, fromSeq).map((range) => ({
    ...range,
    tokensThrough: Math.min(range.tokensThrough, tokensBefore),
  }));
}

function wholeRange({ fromSeq, toSeq }: SeqRange): SuffixRange {
  return { fromSeq, toSeq, minTokensBefore: 0 };
}
