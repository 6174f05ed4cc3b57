import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { newestThatFit, RemainingBudget } from './budget-fit.js';
import { LiveRanges } from './live-ranges.js';

describe('newestThatFit', () => {
  it('drops the oldest items first and leaves no gap', () => {
    const fit = (tokens: number[], budget: number) => newestThatFit(tokens, (each) => each, budget);
    expect(fit([5, 5, 5], 15)).toEqual([5, 5, 5]);
    expect(fit([1, 5, 5], 10)).toEqual([5, 5]);
    expect(fit([1, 50, 5], 10)).toEqual([5]);
    expect(fit([5], 4)).toEqual([]);
    expect(fit([0, 0], 0)).toEqual([0, 0]);
  });
});

describe('RemainingBudget', () => {
  it('takes no item after an item that did not fit, by tokens or by bytes', () => {
    const byTokens = new RemainingBudget(10, 100);
    expect([byTokens.take(6, 1), byTokens.take(5, 1), byTokens.take(0, 0)]).toEqual([true, false, false]);
    const byBytes = new RemainingBudget(10, 100);
    expect([byBytes.take(1, 60), byBytes.take(1, 50), byBytes.take(0, 0)]).toEqual([true, false, false]);
  });

  it('reports a cut by bytes only if the tokens of the first dropped item did fit', () => {
    const cutByBytes = (...items: [tokens: number, bytes: number][]) => {
      const remaining = new RemainingBudget(10, 100);
      for (const [tokens, bytes] of items) remaining.take(tokens, bytes);
      return remaining.cutByBytes;
    };
    expect(cutByBytes([10, 100])).toBe(false);
    expect(cutByBytes([10, 101])).toBe(true);
    expect(cutByBytes([11, 101])).toBe(false);
    expect(cutByBytes([11, 50], [0, 60])).toBe(false);
    expect(cutByBytes([5, 101], [6, 0])).toBe(true);
  });

  it('cuts the ranges of a log at the same event as newestThatFit', () => {
    const log = fc.array(fc.record({ tokens: fc.nat(9), isCompacted: fc.boolean() }), { maxLength: 30 });
    fc.assert(
      fc.property(log, fc.nat(80), (entries, budget) => {
        let total = 0;
        const events = entries.map(({ tokens, isCompacted }, index) => {
          const tokensBefore = total;
          total += tokens;
          const seq = index + 1;
          return { fromSeq: seq, toSeq: seq, tokens, tokensBefore, tokensThrough: total, isCompacted };
        });
        const covered = events.filter(({ isCompacted }) => isCompacted);
        const { ranges } = new LiveRanges(events.length, total, covered);

        const remaining = new RemainingBudget(budget);
        const wanted = ranges.toReversed().map((range) => remaining.takeRange(range));
        const byRange = events.filter(({ fromSeq: seq, tokensBefore }) =>
          wanted.some(
            ({ fromSeq, toSeq, minTokensBefore }) =>
              fromSeq <= seq && seq <= toSeq && tokensBefore >= minTokensBefore,
          ),
        );

        const live = events.filter(({ isCompacted }) => !isCompacted);
        expect(byRange).toEqual(newestThatFit(live, ({ tokens }) => tokens, budget));
      }),
      { numRuns: 500 },
    );
  });
});
