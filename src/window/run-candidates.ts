import type { LiveGroup } from './live-group.js';
import type { TrimSteps } from './trim-steps.js';

/** The live groups of a window, as far as they can matter. */
export interface GroupChoice {
  /** Ascending, without a gap: the newest that the policy selected, or all of them. */
  groups: readonly LiveGroup[];
  /** The running token total before the live group that precedes them; undefined if there is none. */
  beforePrevious: number | undefined;
  /** Whether `groups` are all groups that the policy selected. */
  isWhole: boolean;
}

/**
 * The runs of groups that fit, in the order in which a window prefers them: all groups; then those that begin at a step, the
 * longest first; then all others, the longest first. The window takes the first one that also fits after its repairs.
 *
 * @param remainingTokens what pinned events and summaries have left of the budget
 */
export function* runCandidates(
  { groups, beforePrevious, isWhole }: GroupChoice,
  remainingTokens: number,
  steps: TrimSteps,
): Generator<readonly LiveGroup[]> {
  const first = firstThatFits(groups, remainingTokens);
  if (first === groups.length) return;
  const startsAtStep = (index: number) => {
    const previous = index === 0 ? beforePrevious : groups[index - 1]?.tokensBefore;
    return (isWhole && index === 0) || steps.isStep(groups[index]?.tokensBefore ?? 0, previous);
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
