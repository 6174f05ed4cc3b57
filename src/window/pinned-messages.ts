import { groupEvents } from '@fastpaca/messages';
import type { ConversationId } from '../common/conversation-id.js';
import type { Compaction } from '../compaction/compaction.js';
import type { ConversationRecord } from '../conversations/conversation.js';
import { MAX_GROUP_EVENTS, type EventsService } from '../events/events.service.js';
import { gapsBetween, rangesFrom } from '../events/seq-ranges.js';
import type { EventWithTotal, SeqRange } from '../events/stored-event.js';
import { storedOutline } from '../events/stored-outline.js';
import { newestThatFit } from './budget-fit.js';
import type { GroupSize } from './group-size.js';
import { liveGroups, sumOfTokens, type LiveGroup } from './live-group.js';
import type { TokenRange } from './live-ranges.js';
import { sizedStoredEvent } from './sized-events.js';
import type { WindowMessage } from './window-message.js';
import type { WindowRequest } from './window-request.js';

/** Most bytes of a group that a pinned event belongs to; of a larger one, only the pinned event stays. */
const MAX_GROUP_BYTES = 4 * 1024 * 1024;

/**
 * The pinned events of a window: system and developer events at the beginning of the log, events with `pinned: true`, and with a
 * pinned tool call or result its whole group. No policy, budget or summary removes them. Withdrawn events are not pinned.
 */
export class PinnedMessages {
  /** Whole groups, ascending. */
  readonly groups: readonly LiveGroup[];

  private constructor(
    private readonly events: readonly EventWithTotal[],
    /** The number of events at the beginning of the log that are pinned because of their role. */
    private readonly headLength: number,
    readonly cutByBytes: boolean,
  ) {
    this.groups = liveGroups(events.map(sizedStoredEvent));
  }

  /**
   * @param readWithdrawn reads the withdrawn parts of the log, ascending and disjoint; called only if there are pinned events
   * @param maxBytes most bytes of bodies; the oldest that fit are read
   */
  static async read(
    events: EventsService,
    { id, conversation, policy }: WindowRequest,
    readWithdrawn: () => Promise<readonly SeqRange[]>,
    maxBytes: number,
  ): Promise<PinnedMessages> {
    const { pinHead } = policy;
    const stored = await events.pinned(id, conversation, maxBytes, pinHead);
    const { headLength, cutByBytes } = stored;
    const withdrawn = stored.events.length > 0 ? await readWithdrawn() : [];
    const pinned = withoutWithdrawn(stored.events, withdrawn);
    const bySeq = new Map<number, EventWithTotal>(pinned.map((event) => [event.seq, event]));
    for (const event of pinned) {
      if (!belongsToGroup(event)) continue;
      const members = await groupOf(events, id, conversation, event.seq, withdrawn);
      for (const member of members) bySeq.set(member.seq, member);
    }
    const whole = bySeq.size === pinned.length ? pinned : [...bySeq.values()].sort((a, b) => a.seq - b.seq);
    return new PinnedMessages(whole, headLength, cutByBytes);
  }

  get tokens(): number {
    return sumOfTokens(this.groups);
  }

  get bytes(): number {
    return this.events.reduce((sum, { body }) => sum + Buffer.byteLength(body), 0);
  }

  /** The ranges of the log that are not live: those of `compactions` (ascending and disjoint), and the pinned events. */
  covered(compactions: readonly Compaction[]): readonly TokenRange[] {
    if (this.events.length === 0) return compactions;
    const isCompacted = (seq: number) =>
      compactions.some(({ fromSeq, toSeq }) => fromSeq <= seq && seq <= toSeq);
    const ranges = this.events.flatMap(({ seq, tokenEstimate, tokensThrough }) =>
      isCompacted(seq)
        ? []
        : [{ fromSeq: seq, toSeq: seq, tokensBefore: tokensThrough - tokenEstimate, tokensThrough }],
    );
    return [...compactions, ...ranges].sort((a, b) => a.fromSeq - b.fromSeq);
  }

  /** The oldest groups that fit together. */
  thatFit(budgetTokens: number): readonly LiveGroup[] {
    return newestThatFit(this.groups.toReversed(), ({ tokens }) => tokens, budgetTokens).reverse();
  }

  isAll(kept: readonly LiveGroup[]): boolean {
    return kept.length === this.groups.length;
  }

  /** Why pinned groups are left out; undefined if all are kept. */
  overflow(kept: readonly LiveGroup[]): GroupSize | undefined {
    const first = this.groups[kept.length];
    return first && { seq: first.fromSeq, tokens: this.tokens };
  }

  /** Whether a message of the window is one of the head, which comes before summaries. */
  isHead({ seq, summarizedRange }: WindowMessage): boolean {
    return seq <= this.headLength && !summarizedRange;
  }
}

/** Whether an event may have to stay with others, because it has tool calls or results or is only reasoning. */
function belongsToGroup(event: EventWithTotal): boolean {
  const { tools, isReasoning, isApproval } = storedOutline(event);
  return tools.length > 0 || isReasoning || isApproval;
}

function withoutWithdrawn<Event extends EventWithTotal>(
  events: readonly Event[],
  withdrawn: readonly SeqRange[],
): readonly Event[] {
  if (withdrawn.length === 0) return events;
  return events.filter(({ seq }) => !withdrawn.some(({ fromSeq, toSeq }) => fromSeq <= seq && seq <= toSeq));
}

/** The events of the group that an event of the log belongs to, whether summaries cover them or not. */
async function groupOf(
  events: EventsService,
  id: ConversationId,
  { history, lastSeq }: ConversationRecord,
  seq: number,
  withdrawn: readonly SeqRange[],
): Promise<readonly EventWithTotal[]> {
  const toSeq = Math.min(lastSeq, seq + MAX_GROUP_EVENTS);
  const ranges = rangesFrom(gapsBetween(withdrawn, toSeq), Math.max(1, seq - MAX_GROUP_EVENTS));
  const outlined = await events.outlines(id, history, ranges, 2 * MAX_GROUP_EVENTS + 1);
  const group = groupEvents(outlined).find(({ toSeq }) => toSeq >= seq);
  if (!group || group.fromSeq === group.toSeq) return [];
  const read = await events.suffix(id, history, [{ ...group, minTokensBefore: 0 }], MAX_GROUP_BYTES);
  return read.skippedBytes === undefined ? withoutWithdrawn(read.events, withdrawn) : [];
}
