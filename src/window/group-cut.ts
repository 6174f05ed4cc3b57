import { groupEvents, dependOnEarlier, type OutlinedEvent } from '@fastpaca/messages';
import type { ConversationId } from '../common/conversation-id.js';
import { MAX_GROUP_EVENTS, type EventsService } from '../events/events.service.js';
import type { OutlinedLogEvent } from '../events/outlined-log-event.js';
import { rangesBefore } from '../events/seq-ranges.js';
import type { LiveRanges } from './live-ranges.js';

/** Where a selection may begin so that it cuts through no group. */
export interface GroupCut {
  /** The first event of the first whole group; the seq after the log if there is none. */
  fromSeq: number;
  /** First seq of the newest group, if the cut is inside it. */
  newestGroupFromSeq?: number;
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

/** Reads what lies before a cut of one window, as far as the groups need it. */
export class GroupContext {
  constructor(
    private readonly events: EventsService,
    private readonly id: ConversationId,
    private readonly history: string,
    private readonly live: LiveRanges,
  ) {}

  /**
   * The live events before `kept`, ascending, as many as a group may have; none if `kept` begins with a group.
   *
   * @param kept ascending, to the end of the log or to an event that no group passes
   */
  async insideGroup(kept: readonly OutlinedEvent[]): Promise<OutlinedLogEvent[]> {
    const [first] = kept;
    if (!first || this.live.positionOf(first.seq) === 1) return [];
    const isInside = dependOnEarlier(kept) || (await this.isAfterReasoning(first.seq));
    return isInside ? this.before(first.seq) : [];
  }

  /** The newest live events before `seq`, ascending. */
  before(seq: number, count = MAX_GROUP_EVENTS): Promise<OutlinedLogEvent[]> {
    return this.events.outlines(this.id, this.history, rangesBefore(this.live.ranges, seq), count);
  }

  private async isAfterReasoning(seq: number): Promise<boolean> {
    const [previous] = await this.before(seq, 1);
    return previous?.outline.isReasoning === true;
  }
}
