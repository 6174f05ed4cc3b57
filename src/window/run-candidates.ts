import { liveGroups, oneGroup, sumOfTokens, type LiveGroup, type SizedEvent } from './live-group.js';
import type { TrimSteps } from './trim-steps.js';

/** What a window may begin with: the newest live events that a policy selected, or all of them. */
export class GroupChoice {
  /**
   * @param events ascending, from the beginning of a group on
   * @param beforePrevious the running token total before the live group that precedes them; undefined if they are the first of the log
   * @param isWhole whether they are all that the policy selected
   * @param older the live events before them, ascending, as far as their groups depend on them
   * @param known their groups, if they have been worked out already
   */
  constructor(
    readonly events: readonly SizedEvent[],
    readonly beforePrevious: number | undefined,
    readonly isWhole: boolean,
    private readonly older: readonly SizedEvent[] = [],
    private known?: readonly LiveGroup[],
  ) {}

  /** Worked out when they are first needed: a window of all events does not need them. */
  get groups(): readonly LiveGroup[] {
    return (this.known ??= this.worksOutGroups());
  }

  private worksOutGroups(): readonly LiveGroup[] {
    const fromSeq = this.events[0]?.seq ?? 0;
    return liveGroups([...this.older, ...this.events]).filter((group) => group.fromSeq >= fromSeq);
  }
}

/**
 * The runs of groups that fit, in the order in which a window prefers them: all events, as one group; then the runs that begin at a
 * step, the longest first; then all others, the longest first. The window takes the first one that also fits after its repairs.
 *
 * @param remainingTokens what pinned events and summaries have left of the budget
 */
export function* runCandidates(
  choice: GroupChoice,
  remainingTokens: number,
  steps: TrimSteps,
): Generator<readonly LiveGroup[]> {
  const { events, beforePrevious, isWhole } = choice;
  const all = isWhole ? wholeRun(events, remainingTokens) : undefined;
  if (all) yield [all];
  const { groups } = choice;
  const first = Math.max(all ? 1 : 0, firstThatFits(groups, remainingTokens));
  const startsAtStep = (index: number) => {
    const previous = index === 0 ? beforePrevious : groups[index - 1]?.tokensBefore;
    return steps.isStep(groups[index]?.tokensBefore ?? 0, previous);
  };
  for (let start = first; start < groups.length; start += 1)
    if (startsAtStep(start)) yield groups.slice(start);
  for (let start = first; start < groups.length; start += 1)
    if (!startsAtStep(start)) yield groups.slice(start);
}

/** The index of the first group that fits together with all newer ones; the number of groups if none does. */
export function firstThatFits(groups: readonly LiveGroup[], remainingTokens: number): number {
  let tokens = 0;
  return groups.findLastIndex((group) => (tokens += group.tokens) > remainingTokens || !group.messages) + 1;
}

/** All events as one group; undefined if they do not fit. */
function wholeRun(events: readonly SizedEvent[], remainingTokens: number): LiveGroup | undefined {
  const [first, last] = [events[0], events.at(-1)];
  if (!first || !last || sumOfTokens(events) > remainingTokens) return undefined;
  const run = oneGroup({ fromSeq: first.seq, toSeq: last.seq }, events);
  return run.messages && run;
}
