import { oneGroup, type LiveGroup } from './live-group.js';
import type { StoredLiveEvent } from './log-timeline.js';
import { sizedLiveEvent } from './sized-events.js';

/** Most tool results of one event that are tried one by one; of an event with more, all are replaced at once. */
const MAX_SINGLE_STEPS = 64;

/**
 * The newest group with the outputs of its tool results replaced, the oldest first: one more in each group that is yielded.
 *
 * @param events those of the group, ascending
 */
export async function* shrunkGroups(
  group: LiveGroup,
  events: readonly StoredLiveEvent[],
  placeholder: string,
): AsyncGenerator<LiveGroup> {
  const shrunk = [...events];
  for (const [index, event] of events.entries()) {
    const { toolResultCount: count } = event;
    const first = count > MAX_SINGLE_STEPS ? count : 1;
    for (let replaced = first; replaced <= count; replaced += 1) {
      shrunk[index] = await event.withReplacedOutputs(placeholder, replaced);
      const sized = shrunk.map((each) => ({ ...sizedLiveEvent(each), message: each.toMessage() }));
      yield oneGroup(group, sized);
    }
  }
}
