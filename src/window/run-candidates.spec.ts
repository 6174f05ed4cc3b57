import { describe, expect, it } from '@jest/globals';
import type { LiveGroup } from './live-group.js';
import { runCandidates, type GroupChoice } from './run-candidates.js';
import { TrimSteps } from './trim-steps.js';

/** Groups of one event each; the log has `before` tokens before them. */
function groupsOf(tokens: readonly number[], before = 0): LiveGroup[] {
  let tokensBefore = before;
  return tokens.map((each, index) => {
    const group = { fromSeq: index + 1, toSeq: index + 1, tokens: each, tokensBefore, messages: [] };
    tokensBefore += each;
    return group;
  });
}

/** The first seqs of the runs, in the order of preference. */
function startsOf(choice: Partial<GroupChoice>, remaining: number, steps: TrimSteps): (number | undefined)[] {
  const whole = { groups: [], beforePrevious: undefined, isWhole: true, ...choice };
  return [...runCandidates(whole, remaining, steps)].map((run) => run[0]?.fromSeq);
}

const EVERY_20 = new TrimSteps(0.8, 100);

describe('runCandidates', () => {
  it('offers all groups first if they fit', () => {
    expect(startsOf({ groups: groupsOf([10, 10, 10]) }, 30, EVERY_20)).toEqual([1, 3, 2]);
  });

  it('offers steps before other groups, the longest run first', () => {
    expect(startsOf({ groups: groupsOf(Array(8).fill(10)) }, 50, EVERY_20)).toEqual([5, 7, 4, 6, 8]);
  });

  it('offers the newest groups that fit if no step does', () => {
    expect(startsOf({ groups: groupsOf([10, 10, 15]) }, 15, new TrimSteps(0.1, 100))).toEqual([3]);
  });

  it('offers nothing if not even the newest group fits', () => {
    expect(startsOf({ groups: groupsOf([10, 40]) }, 30, EVERY_20)).toEqual([]);
  });

  it('offers no group whose text was not read', () => {
    const [older, newer] = groupsOf([10, 10]);
    expect(startsOf({ groups: [{ ...older!, messages: undefined }, newer!] }, 30, EVERY_20)).toEqual([2]);
  });

  it('looks at the group before the first one if the policy selected more', () => {
    const groups = groupsOf([10, 10], 40);
    expect(startsOf({ groups, isWhole: false, beforePrevious: 35 }, 30, EVERY_20)).toEqual([1, 2]);
    expect(
      startsOf({ groups: groupsOf([10, 10], 45), isWhole: false, beforePrevious: 41 }, 30, EVERY_20),
    ).toEqual([1, 2]);
  });
});
