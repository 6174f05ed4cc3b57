import { describe, expect, it } from '@jest/globals';
import { outlineOf } from '@fastpaca/messages';
import type { SizedEvent } from './live-group.js';
import { GroupChoice, runCandidates } from './run-candidates.js';
import { TrimSteps } from './trim-steps.js';
import { WindowMessage } from './window-message.js';

const outline = outlineOf({ role: 'user', parts: [{ type: 'text', text: 'x' }] });

/** Events that are groups of their own; the log has `before` tokens before them. */
function eventsOf(tokens: readonly number[], before = 0): SizedEvent[] {
  let tokensBefore = before;
  return tokens.map((each, index) => {
    const seq = index + 1;
    const message = new WindowMessage(seq, each, '{}');
    const event = { seq, outline, tokens: each, tokensBefore, message };
    tokensBefore += each;
    return event;
  });
}

/** The first seqs of the runs, in the order of preference. */
function startsOf(choice: GroupChoice, remaining: number, steps: TrimSteps): (number | undefined)[] {
  return [...runCandidates(choice, remaining, steps)].map((run) => run[0]?.fromSeq);
}

const whole = (events: SizedEvent[]) => new GroupChoice(events, undefined, true);
const EVERY_20 = new TrimSteps(0.8, 100);

describe('runCandidates', () => {
  it('offers all events first if they fit, as one group', () => {
    const choice = whole(eventsOf([10, 10, 10]));
    expect(startsOf(choice, 30, EVERY_20)).toEqual([1, 3, 2]);
    expect([...runCandidates(choice, 30, EVERY_20)][0]).toMatchObject([{ fromSeq: 1, toSeq: 3, tokens: 30 }]);
  });

  it('offers steps before other groups, the longest run first', () => {
    expect(startsOf(whole(eventsOf(Array(8).fill(10))), 50, EVERY_20)).toEqual([5, 7, 4, 6, 8]);
  });

  it('offers the newest groups that fit if no step does', () => {
    expect(startsOf(whole(eventsOf([10, 10, 15])), 15, new TrimSteps(0.1, 100))).toEqual([3]);
  });

  it('offers nothing if not even the newest group fits', () => {
    expect(startsOf(whole(eventsOf([10, 40])), 30, EVERY_20)).toEqual([]);
    expect(startsOf(whole([]), 30, EVERY_20)).toEqual([]);
  });

  it('offers no event whose text was not read', () => {
    const [older, newer] = eventsOf([10, 10]);
    expect(startsOf(whole([{ ...older!, message: undefined }, newer!]), 30, EVERY_20)).toEqual([2]);
  });

  it('looks at the group before the first one if the policy selected more', () => {
    const after = (before: number, previous: number) =>
      startsOf(new GroupChoice(eventsOf([10, 10], before), previous, false), 30, EVERY_20);
    expect(after(40, 35)).toEqual([1, 2]); // steps at 40 and 60
    expect(after(50, 41)).toEqual([2, 1]); // no step before 60
  });
});
