import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { needsCompaction } from './needs-compaction.js';

describe('needsCompaction', () => {
  it('uses the decimal value of the ratio as it is written', () => {
    expect(needsCompaction(63, 0.7, 90)).toBe(false);
    expect(needsCompaction(64, 0.7, 90)).toBe(true);
    expect(needsCompaction(1, 1e-7, 10_000_000)).toBe(false);
    expect(needsCompaction(2, 1e-7, 10_000_000)).toBe(true);
    expect(needsCompaction(3, 0.30000000000000004, 10)).toBe(false);
    expect(needsCompaction(3, 0.1, 30)).toBe(false);
    expect(needsCompaction(4, 0.1, 30)).toBe(true);
    expect(needsCompaction(0, 0.5, 1)).toBe(false);
  });

  it('is exact for ratios of up to nine decimals', () => {
    const SCALE = 1_000_000_000;
    fc.assert(
      fc.property(
        fc.nat(2_000_000),
        fc.integer({ min: 1, max: SCALE }),
        fc.integer({ min: 1, max: 1_000_000 }),
        (tokens, billionths, budget) => {
          const exact = BigInt(tokens) * BigInt(SCALE) > BigInt(billionths) * BigInt(budget);
          expect(needsCompaction(tokens, billionths / SCALE, budget)).toBe(exact);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('is exact at the threshold, for ratios of up to fifteen digits and any magnitude', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 1n, max: 10n ** 15n }),
        fc.integer({ min: 15, max: 25 }),
        fc.integer({ min: 1, max: 1_000_000_000 }),
        (digits, decimals, budget) => {
          const threshold = (digits * BigInt(budget)) / 10n ** BigInt(decimals);
          const ratio = Number(`${digits}e-${decimals}`);
          expect(needsCompaction(Number(threshold), ratio, budget)).toBe(false);
          expect(needsCompaction(Number(threshold) + 1, ratio, budget)).toBe(true);
        },
      ),
      { numRuns: 1000 },
    );
  });
});
