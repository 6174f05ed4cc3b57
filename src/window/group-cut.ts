import { groupEvents, mayBeginEarlier, type OutlinedEvent } from '@fastpaca/messages';
import type { ConversationId } from '../common/conversation-id.js';
import { MAX_GROUP_EVENTS, type EventsService } from '../events/events.service.js';
import { rangesBefore } from '../events/seq-ranges.js';
import type { LiveRanges } from './live-ranges.js';

/** Where a window may begin so that it cuts through no group. */
export interface GroupCut {
  /** The first event of the first whole group; the seq after the log if there is none. */
  fromSeq: number;
  /** First seq of the newest group, if the cut is inside it. */
  newestGroupFromSeq?: number;
}

/** A group by its last event. */
export interface GroupSize {
  seq: number;
  tokens: number;
}

/**
 * Moves a cut to the next group if it is inside one.
 *
 * @param older the events before the cut, ascending: as many as a group may have
 * @param kept the events from the cut on, ascending
 */
export function cutAtGroup(
  older: readonly OutlinedEvent[],
  kept: readonly OutlinedEvent[],
  lastSeq: number,
): GroupCut {
  const end = lastSeq + 1;
  const [first] = kept;
  if (!first) return { fromSeq: end };
  if (older.length === 0) return { fromSeq: first.seq };
  const group = groupEvents([...older, ...kept]).find(({ toSeq }) => toSeq >= first.seq);
  if (!group || group.fromSeq >= first.seq) return { fromSeq: first.seq };
  const next = kept.find(({ seq }) => seq > group.toSeq);
  return next ? { fromSeq: next.seq } : { fromSeq: end, newestGroupFromSeq: group.fromSeq };
}

/** The newest group of events (ascending); undefined if there is no event. */
export function newestGroupOf(
  events: readonly (OutlinedEvent & { tokens: number })[],
): GroupSize | undefined {
  const group = groupEvents(events).at(-1);
  if (!group) return undefined;
  const tokens = events
    .filter(({ seq }) => seq >= group.fromSeq)
    .reduce((sum, event) => sum + event.tokens, 0);
  return { seq: group.toSeq, tokens };
}

/** Moves cuts of one window to the borders of groups. Reads older events only if the cut may be inside a group. */
export class GroupCuts {
  constructor(
    private readonly events: EventsService,
    private readonly id: ConversationId,
    private readonly history: string,
    private readonly live: LiveRanges,
  ) {}

  /** @param kept the events from the cut on, ascending, to the end of the log or to an event that no group passes */
  async move(kept: readonly OutlinedEvent[]): Promise<GroupCut> {
    const [first] = kept;
    const isInside =
      first !== undefined &&
      this.live.positionOf(first.seq) > 1 &&
      (mayBeginEarlier(kept) || (await this.isAfterReasoning(first.seq)));
    const older = isInside ? await this.before(first.seq, MAX_GROUP_EVENTS) : [];
    return cutAtGroup(older, kept, this.live.lastSeq);
  }

  /** The newest group of the live events; undefined if no event is live. */
  async newestGroup(): Promise<GroupSize | undefined> {
    return newestGroupOf(
      await this.events.outlines(this.id, this.history, this.live.ranges, MAX_GROUP_EVENTS),
    );
  }

  private async isAfterReasoning(seq: number): Promise<boolean> {
    const [previous] = await this.before(seq, 1);
    return previous?.outline.isReasoning === true;
  }

  private before(seq: number, count: number) {
    return this.events.outlines(this.id, this.history, rangesBefore(this.live.ranges, seq), count);
  }
}
