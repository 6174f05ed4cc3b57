import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { exceedsRatio, newestThatFit } from './budget.js';

describe('exceedsRatio', () => {
  it('takes the ratio as the decimal number it is written as', () => {
    expect(exceedsRatio(63, 0.7, 90)).toBe(false);
    expect(exceedsRatio(64, 0.7, 90)).toBe(true);
    expect(exceedsRatio(1, 1e-7, 10_000_000)).toBe(false);
    expect(exceedsRatio(2, 1e-7, 10_000_000)).toBe(true);
    expect(exceedsRatio(3, 0.30000000000000004, 10)).toBe(false);
    expect(exceedsRatio(3, 0.1, 30)).toBe(false);
    expect(exceedsRatio(4, 0.1, 30)).toBe(true);
    expect(exceedsRatio(0, 0.5, 1)).toBe(false);
  });

  it('is exact for every ratio of up to nine decimals', () => {
    const SCALE = 1_000_000_000;
    fc.assert(
      fc.property(
        fc.nat(2_000_000),
        fc.integer({ min: 1, max: SCALE }),
        fc.integer({ min: 1, max: 1_000_000 }),
        (tokens, billionths, budget) => {
          const exact = BigInt(tokens) * BigInt(SCALE) > BigInt(billionths) * BigInt(budget);
          expect(exceedsRatio(tokens, billionths / SCALE, budget)).toBe(exact);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('is exact on the edge itself, for any ratio of up to fifteen digits, however small', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 1n, max: 10n ** 15n }),
        fc.integer({ min: 15, max: 25 }),
        fc.integer({ min: 1, max: 1_000_000_000 }),
        (digits, decimals, budget) => {
          const edge = (digits * BigInt(budget)) / 10n ** BigInt(decimals);
          const ratio = Number(`${digits}e-${decimals}`);
          expect(exceedsRatio(Number(edge), ratio, budget)).toBe(false);
          expect(exceedsRatio(Number(edge) + 1, ratio, budget)).toBe(true);
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe('newestThatFit', () => {
  it('leaves out the oldest first, and nothing in between', () => {
    const fit = (tokens: number[], budget: number) => newestThatFit(tokens, (each) => each, budget);
    expect(fit([5, 5, 5], 15)).toEqual([5, 5, 5]);
    expect(fit([1, 5, 5], 10)).toEqual([5, 5]);
    expect(fit([1, 50, 5], 10)).toEqual([5]);
    expect(fit([5], 4)).toEqual([]);
    expect(fit([0, 0], 0)).toEqual([0, 0]);
  });
});
