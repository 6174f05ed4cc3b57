import { describe, expect, it } from '@jest/globals';
import { conversationSlope, type Measurement } from './conversation-slope.js';
import { keepSpread } from './keep-spread.js';
import { nextFactor } from './next-factor.js';
import type { Weighted } from './weighted-median.js';

const slope = (value: number, weight = 1): Weighted => ({ value, weight });
const NEW = { factor: 1, reports: 5, reportsAtChange: 0 };

describe('nextFactor', () => {
  it('is the median of the slopes, as a multiple of 0.01', () => {
    expect(nextFactor(NEW, [slope(1.3349)])).toBe(1.33);
    expect(nextFactor(NEW, [slope(0.8), slope(1.3), slope(2.9)])).toBe(1.3);
    expect(nextFactor(NEW, [slope(0.8), slope(1.3), slope(2.9, 5)])).toBe(2.9);
  });

  it('does not change before the fifth report', () => {
    expect(nextFactor({ ...NEW, reports: 4 }, [slope(1.3)])).toBe(1);
  });

  it('does not change without a slope', () => {
    expect(nextFactor({ ...NEW, factor: 1.2 }, [])).toBe(1.2);
  });

  it('does not change for 2 % or less', () => {
    const learned = { factor: 1.3, reports: 100, reportsAtChange: 5 };
    expect(nextFactor(learned, [slope(1.325)])).toBe(1.3);
    expect(nextFactor(learned, [slope(1.275)])).toBe(1.3);
    expect(nextFactor(learned, [slope(1.33)])).toBe(1.33);
    expect(nextFactor(learned, [slope(1.27)])).toBe(1.27);
  });

  it('pauses between two changes for as many reports as there were before, and at most 32', () => {
    const changes = (reportsAtChange: number) => {
      const pauses = Array.from({ length: 100 }, (_, pause) => pause);
      return pauses.find(
        (pause) =>
          nextFactor({ factor: 1, reports: reportsAtChange + pause, reportsAtChange }, [slope(1.3)]) !== 1,
      );
    };
    expect([0, 5, 10, 20, 40, 400].map(changes)).toEqual([5, 5, 10, 20, 32, 32]);
  });
});

/** Numbers from 0 up to 1, the same for the same seed. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    // Mulberry32.
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Disturbance {
  /** The provider counts the window up to this fraction more or less. */
  noise?: number;
  /** Whether one of the first five reports is 0.3 … 0.8 or 1.3 … 3 times what it should be. */
  hasOutlier?: boolean;
}

/** What the service knows after each report of one conversation whose windows grow by 500 … 3,200 tokens per report. */
function simulate(seed: number, reports: number, { noise = 0, hasOutlier = false }: Disturbance) {
  const random = randomNumbers(seed);
  const trueFactor = 0.7 + 1.1 * random();
  const overhead = 8000 * random();
  const outlier = hasOutlier ? Math.floor(5 * random()) : -1;
  let estimate = 200 + 1800 * random();
  let learned = { factor: 1, reports: 0, reportsAtChange: 0 };
  let measurements: Measurement[] = [];
  const factors: number[] = [];
  for (let index = 0; index < reports; index += 1) {
    const counted = overhead + trueFactor * estimate * (1 + noise * (2 * random() - 1));
    const times = random() < 0.5 ? 0.3 + 0.5 * random() : 1.3 + 1.7 * random();
    const inputTokens = Math.round(index === outlier ? counted * times : counted);
    measurements = keepSpread([...measurements, { estimate: Math.round(estimate), inputTokens }]);
    const measured = conversationSlope(measurements);
    learned = { ...learned, reports: index + 1 };
    const factor = nextFactor(learned, measured ? [measured] : []);
    if (factor !== learned.factor) learned = { ...learned, factor, reportsAtChange: learned.reports };
    factors.push(factor);
    estimate += 500 + 2700 * random();
  }
  return { trueFactor, factors };
}

describe('a factor that is learned from the reports of a conversation', () => {
  const seeds = (count: number) => Array.from({ length: count }, (_, index) => 1 + index * 7919);
  const errorsAfter = (reports: number, disturbance: Disturbance, conversations: number) =>
    seeds(conversations).map((seed) => {
      const { trueFactor, factors } = simulate(seed, reports, disturbance);
      return Math.abs(factors[reports - 1]! / trueFactor - 1);
    });

  it.each([
    ['exact reports', {}, 0],
    ['an outlier', { hasOutlier: true }, 0],
    ['1 % of noise', { noise: 0.01 }, 1],
    // In a few conversations the outlier hides in the noise.
    ['1 % of noise and an outlier', { noise: 0.01, hasOutlier: true }, 4],
  ])('is within 3 %% of the true one after five reports, with %s', (_, disturbance, exceptions) => {
    const errors = errorsAfter(5, disturbance, 2000);
    expect(errors.filter((error) => error > 0.03).length).toBeLessThanOrEqual(exceptions);
  });

  it('is within 3 % after sixty reports, with 1 % of noise and an outlier', () => {
    expect(Math.max(...errorsAfter(60, { noise: 0.01, hasOutlier: true }, 200))).toBeLessThanOrEqual(0.03);
  });

  it('stands still: in sixty reports it changes once in most conversations', () => {
    const changes = seeds(200).map((seed) => {
      const { factors } = simulate(seed, 60, { noise: 0.01, hasOutlier: true });
      return factors.filter((factor, index) => factor !== (factors[index - 1] ?? 1)).length;
    });
    const share = (count: number) => changes.filter((each) => each <= count).length / changes.length;
    expect(share(1)).toBeGreaterThan(0.7);
    expect(share(4)).toBe(1);
  });
});
