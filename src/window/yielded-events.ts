import { dependOnEarlier } from '@fastpaca/messages';
import { MAX_GROUP_EVENTS } from '../events/events.service.js';
import type { LiveEvent } from '../policies/timeline.js';
import { isBeforeCut, type NewestEvents } from '../policies/window-policy.js';
import type { RemainingBudget } from './budget-fit.js';
import { cutAtGroup } from './group-cut.js';
import type { LiveGroup, SizedEvent } from './live-group.js';
import { StoredLiveEvent } from './log-timeline.js';
import { sizedLiveEvent, sizedWithin } from './sized-events.js';

/** The events that a policy yields, as far as it selects them. */
export interface YieldedEvents {
  /** Ascending, cut at a group. All of them count; those that fit have messages. */
  selected: SizedEvent[];
  /** The events before them, ascending, as far as their groups depend on them; without their texts. */
  older: SizedEvent[];
  /** The newest of them, newest first, as many as a group may have. */
  newest: StoredLiveEvent[];
}

/**
 * Reads what a policy yields, to its end or to its cut. A cut inside a group moves to the next group; the newest group stays whole.
 *
 * @param without the newest group, if it is left out
 * @throws Error the policy yields other events than those of the timeline, or in another order
 */
export async function readYielded(
  selection: NewestEvents | AsyncIterable<LiveEvent>,
  remaining: RemainingBudget,
  without?: LiveGroup,
): Promise<YieldedEvents> {
  const { kept, older, newest } = await readToCut(selection, remaining, without);
  const { fromSeq, newestGroupFromSeq } = cutAtGroup(older, kept, kept.at(-1)?.seq ?? 0);
  const context = older.map(sizedLiveEvent);
  if (newestGroupFromSeq === undefined || without) {
    const isSelected = ({ seq }: SizedEvent) => seq >= fromSeq;
    const dropped = kept.filter((event) => !isSelected(event));
    return { selected: kept.filter(isSelected), older: [...context, ...dropped], newest };
  }
  const isOfNewest = ({ seq }: { seq: number }) => seq >= newestGroupFromSeq;
  const rest = older.filter(isOfNewest).reverse();
  const sized = rest.map((event) => sizedWithin(event, remaining)).reverse();
  return {
    selected: [...sized, ...kept],
    older: context.filter((event) => !isOfNewest(event)),
    newest: [...newest, ...rest],
  };
}

async function readToCut(
  selection: NewestEvents | AsyncIterable<LiveEvent>,
  remaining: RemainingBudget,
  without: LiveGroup | undefined,
) {
  const limits = 'events' in selection ? selection : undefined;
  const kept: SizedEvent[] = [];
  // The events before the cut, if it may be inside a group: as many as a group may have.
  const older: StoredLiveEvent[] = [];
  const newest: StoredLiveEvent[] = [];
  let count = 0;
  for await (const event of inOrder(limits?.events ?? (selection as AsyncIterable<LiveEvent>))) {
    if (limits && isBeforeCut(limits, event, count)) {
      const isInside = older.length > 0 || event.outline.isReasoning || dependOnEarlier(kept.toReversed());
      if (isInside) older.push(event);
      if (!isInside || older.length === MAX_GROUP_EVENTS) break;
      continue;
    }
    count += 1;
    if (without && event.seq >= without.fromSeq) continue;
    kept.push(sizedWithin(event, remaining));
    if (newest.length < MAX_GROUP_EVENTS) newest.push(event);
  }
  return { kept: kept.reverse(), older: older.reverse(), newest };
}

async function* inOrder(events: AsyncIterable<LiveEvent>): AsyncGenerator<StoredLiveEvent> {
  let previousSeq = Infinity;
  for await (const event of events) {
    if (!(event instanceof StoredLiveEvent) || event.seq >= previousSeq)
      throw new Error('a policy must yield events of the timeline, newest first');
    previousSeq = event.seq;
    yield event;
  }
}
