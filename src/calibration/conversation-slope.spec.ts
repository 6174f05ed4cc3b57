import { describe, expect, it } from '@jest/globals';
import { conversationSlope, type Measurement } from './conversation-slope.js';

/** What a provider counts whose tokens are `factor` times ours, for windows of these estimates. */
const measured = (factor: number, overhead: number, ...estimates: number[]): Measurement[] =>
  estimates.map((estimate) => ({ estimate, inputTokens: Math.round(overhead + factor * estimate) }));

const slopeOf = (measurements: readonly Measurement[]) => conversationSlope(measurements)?.value;

describe('conversationSlope', () => {
  it('is the factor of the provider, whatever is sent with every window', () => {
    expect(slopeOf(measured(1.3, 2000, 500, 1400, 2600))).toBeCloseTo(1.3, 2);
    expect(slopeOf(measured(0.8, 90_000, 500, 1400, 2600))).toBeCloseTo(0.8, 2);
  });

  it('is the same for windows that grow and for windows that shrink', () => {
    expect(slopeOf(measured(1.3, 2000, 5000, 1000, 3000))).toBeCloseTo(1.3, 2);
  });

  it('is unknown for fewer than three measurements', () => {
    expect(conversationSlope([])).toBeUndefined();
    expect(conversationSlope(measured(1.3, 0, 500))).toBeUndefined();
    expect(conversationSlope(measured(1.3, 0, 500, 5000))).toBeUndefined();
  });

  it('is unknown for estimates that hardly differ', () => {
    expect(conversationSlope(measured(1.3, 0, 5000, 5040, 5090))).toBeUndefined();
  });

  it('is unknown for measurements that do not agree', () => {
    const [first, second, third] = measured(1.3, 0, 1000, 2000, 3000) as [
      Measurement,
      Measurement,
      Measurement,
    ];
    const other = { ...third, inputTokens: third.inputTokens * 1.5 };
    expect(conversationSlope([first, second, other])).toBeUndefined();
  });

  it.each([0.2, 5.2])('ignores a factor of %d, which no tokenizer has', (factor) => {
    expect(conversationSlope(measured(factor, 0, 1000, 2000, 3000, 4000))).toBeUndefined();
  });

  it.each([0, 1, 2, 3, 4])('leaves out an outlier among five measurements, at position %d', (position) => {
    for (const times of [0.3, 0.9, 1.1, 1.6, 10]) {
      const measurements = measured(1.3, 2000, 900, 1900, 3200, 4100, 5300).map((measurement, index) =>
        index === position ? { ...measurement, inputTokens: measurement.inputTokens * times } : measurement,
      );
      expect(slopeOf(measurements)).toBeCloseTo(1.3, 2);
    }
  });

  it('is unknown while the measurements have two overheads', () => {
    const before = measured(1.3, 2000, 1000, 2000, 3000, 4000, 5000, 6000);
    const after = measured(1.3, 9000, 7000, 8000, 9000, 10_000, 11_000, 12_000);
    const newest = (count: number) => slopeOf([...before, ...after.slice(0, count)].slice(-8));
    expect(newest(2)).toBeCloseTo(1.3, 2);
    expect(newest(4)).toBeUndefined();
    expect(newest(6)).toBeCloseTo(1.3, 2);
  });

  it('counts a conversation by the range of its estimates, up to 20,000 tokens', () => {
    expect(conversationSlope(measured(1, 0, 500, 1500, 4500))?.weight).toBe(4000);
    expect(conversationSlope(measured(1, 0, 500, 1500, 400_500))?.weight).toBe(20_000);
  });
});
