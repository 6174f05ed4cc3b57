import { describe, expect, it } from '@jest/globals';
import { overheadOf } from './overhead.js';

const report = (estimate: number, inputTokens: number) => ({
  ...{ model: 'm', windowVersion: 1, estimate, inputTokens },
});

describe('overheadOf', () => {
  it('is what the window does not explain', () => {
    expect(overheadOf([report(1000, 3300)], 1.3)).toBe(2000);
    expect(overheadOf([report(1000, 900)], 1)).toBe(-100);
  });

  it('is undefined without a report', () => {
    expect(overheadOf([], 1)).toBeUndefined();
  });

  it('is the median of the newest three reports', () => {
    const old = [report(1000, 50_000), report(1000, 50_000), report(1000, 50_000)];
    expect(overheadOf([...old, report(1000, 3000), report(2000, 90_000), report(3000, 5010)], 1)).toBe(2010);
  });
});
