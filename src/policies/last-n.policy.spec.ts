import { describe, expect, it } from '@jest/globals';
import { selectedEvents } from './testing/describe-window-policy.js';
import { InMemoryTimeline } from './testing/in-memory-timeline.js';
import { LastNPolicy } from './last-n.policy.js';

const policy = new LastNPolicy();

function timelineAt(seqs: readonly number[]): InMemoryTimeline {
  const parts = [{ type: 'text' }];
  return new InMemoryTimeline(
    seqs.map((seq) => ({ seq, role: 'user', parts, insertedAt: new Date('2026-01-01') })),
  );
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

/** The selected seqs of a timeline with live events at `seqs`, ascending. */
async function selectedSeqs(config: Record<string, unknown>, seqs: readonly number[]): Promise<number[]> {
  return (await selectedEvents(policy, config, timelineAt(seqs))).map(({ seq }) => seq).reverse();
}

describe('last_n', () => {
  it('selects the newest limit events, 200 by default', async () => {
    expect(await selectedSeqs({ limit: 3 }, upTo(10))).toEqual([8, 9, 10]);
    expect(await selectedSeqs({ limit: 3 }, upTo(3))).toEqual([1, 2, 3]);
    expect(await selectedSeqs({}, upTo(200))).toEqual(upTo(200));
    expect(await selectedSeqs({ trim_to: 200 }, upTo(450))).toEqual(upTo(450).slice(250));
  });

  it('trims to three quarters of a limit of 20 or more, unless trim_to says otherwise', async () => {
    const lengthOf = async (config: object, count: number) =>
      (await selectedSeqs({ ...config }, upTo(count))).length;
    expect(await lengthOf({ limit: null, trim_to: null }, 201)).toBe(150);
    expect(await lengthOf({}, 251)).toBe(200);
    expect(await lengthOf({}, 252)).toBe(150);
    expect(await lengthOf({ limit: 21 }, 22)).toBe(15);
    expect(await lengthOf({ limit: 19 }, 20)).toBe(19);
    expect(await lengthOf({ limit: 200, trim_to: 200 }, 201)).toBe(200);
  });

  it('counts live events, not seqs', async () => {
    expect(await selectedSeqs({ limit: 4 }, [1, 2, 3, 4, 5, 6, 10])).toEqual([4, 5, 6, 10]);
    expect(await selectedSeqs({ limit: 1 }, [40])).toEqual([40]);
  });

  it.each([
    ['no compaction', upTo(60)],
    ['compacted ranges', upTo(75).filter((seq) => seq > 3 && seq !== 6 && (seq < 9 || seq > 13))],
    ['every second event compacted', upTo(120).filter((seq) => seq % 2 === 0)],
  ])(
    'trims to trim_to events when limit is exceeded, then keeps its start for limit − trim_to appends, with %s',
    async (_, seqs) => {
      for (let limit = 1; limit <= 7; limit += 1) {
        for (let trimTo = 1; trimTo <= limit; trimTo += 1) {
          const cuts: number[] = [];
          let before: number[] = [];
          for (let count = 1; count <= seqs.length; count += 1) {
            const now = await selectedSeqs({ limit, trim_to: trimTo }, seqs.slice(0, count));
            if (before.length === limit) {
              expect(now).toEqual(seqs.slice(count - trimTo, count));
              cuts.push(count);
            } else {
              expect(now).toEqual([...before, seqs[count - 1]]);
            }
            before = now;
          }
          // `cuts` has the appends that moved the start. Between two cuts the start stays the same.
          expect(cuts[0]).toBe(limit + 1);
          cuts.slice(1).forEach((cut, index) => expect(cut - cuts[index]! - 1).toBe(limit - trimTo));
        }
      }
    },
  );

  it('finds its start without reading an event', async () => {
    const timeline = timelineAt(upTo(1000));
    await selectedEvents(policy, { limit: 10, trim_to: 4 }, timeline);
    expect(timeline.eventsRead).toBe(0);
  });
});
