import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { TrimSteps } from './trim-steps.js';

describe('TrimSteps', () => {
  it('has a step at the first group at or after each multiple', () => {
    const steps = new TrimSteps(0.75, 400); // multiples of 100
    expect(steps.isStep(0, undefined)).toBe(true);
    expect(steps.isStep(99, 0)).toBe(false);
    expect(steps.isStep(100, 99)).toBe(true);
    expect(steps.isStep(130, 100)).toBe(false);
    expect(steps.isStep(350, 130)).toBe(true);
  });

  it('treats ratios as decimal numbers', () => {
    // 1 − 0.7 is 0.30000000000000004: as such a number, 300 would be below the first multiple.
    expect(new TrimSteps(0.7, 1000).isStep(300, 299)).toBe(true);
    // 1 − 0.9 is 0.09999999999999998: 99.999… would be reached before 100.
    expect(new TrimSteps(0.9, 1000).floor(100)).toBe(100);
  });

  it('lets every group be a step if the ratio is 1 or the budget is 0', () => {
    expect(new TrimSteps(1, 1000).isStep(7, 6)).toBe(true);
    expect(new TrimSteps(0.5, 0).isStep(7, 7)).toBe(true);
    expect(new TrimSteps(1, 1000).floor(7)).toBe(7);
  });

  it('finds no step between floor(total) and total', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1000 }),
        fc.nat(2000),
        fc.nat(5000),
        fc.nat(5000),
        (thousandths, budget, total, below) => {
          const steps = new TrimSteps(thousandths / 1000, budget);
          const from = steps.floor(total);
          expect(from).toBeLessThanOrEqual(total);
          if (below < from) expect(steps.isStep(from, below)).toBe(true);
          if (thousandths < 1000 && budget > 0 && from < total) expect(steps.isStep(total, from)).toBe(false);
        },
      ),
      { numRuns: 2000 },
    );
  });
});
