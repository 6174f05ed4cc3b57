import { describe, expect, it } from '@jest/globals';
import { keepSpread, MAX_KEPT } from './keep-spread.js';

const kept = (...estimates: number[]) =>
  keepSpread(estimates.map((estimate) => ({ estimate }))).map((each) => each.estimate);

describe('keepSpread', () => {
  it('keeps all reports while there are few', () => {
    expect(kept()).toEqual([]);
    expect(kept(1, 1, 1, 1, 1, 1, 1, 1)).toHaveLength(MAX_KEPT);
  });

  it('leaves out the older of the two whose estimates are closest', () => {
    expect(kept(10, 20, 40, 80, 43, 160, 320, 640, 1280)).toEqual([10, 20, 80, 43, 160, 320, 640, 1280]);
    expect(kept(10, 20, 43, 80, 40, 160, 320, 640, 1280)).toEqual([10, 20, 80, 40, 160, 320, 640, 1280]);
  });

  it('always keeps the newest report', () => {
    expect(kept(10, 20, 40, 80, 160, 320, 640, 1280, 20)).toEqual([10, 40, 80, 160, 320, 640, 1280, 20]);
  });

  it('spreads what it keeps over everything that has been reported', () => {
    let estimates: number[] = [];
    for (let index = 0; index < 80; index += 1)
      estimates = kept(...estimates, 100 * index + ((index * 37) % 50));
    expect(estimates[0]).toBeLessThan(2000);
    expect(estimates.filter((estimate) => estimate < 6000).length).toBeGreaterThanOrEqual(4);
    expect(estimates.at(-1)).toBe(7900 + ((79 * 37) % 50));
  });
});
