import { describe, expect, it } from '@jest/globals';
import { SMALL_BODY_BYTES, UploadBudget } from './upload-budget.js';

const MIB = 1024 * 1024;

describe('UploadBudget', () => {
  it('admits large bodies up to three quarters of the budget, and small bodies up to one quarter', () => {
    const budget = new UploadBudget(8 * MIB);
    const large = Array.from({ length: 7 }, () => budget.reserve().resize(MIB));
    expect(large).toEqual([true, true, true, true, true, true, false]);
    const small = Array.from({ length: 33 }, () => budget.reserve().resize(SMALL_BODY_BYTES));
    expect(small.filter(Boolean)).toHaveLength(32);
    expect(budget.load()).toEqual({ small: 2 * MIB, large: 6 * MIB });
  });

  it('returns the bytes of a reservation once, even if it is released twice', () => {
    const budget = new UploadBudget(8 * MIB);
    const reservation = budget.reserve();
    expect(reservation.resize(6 * MIB)).toBe(true);
    expect(budget.reserve().resize(6 * MIB)).toBe(false);
    reservation.release();
    reservation.release();
    expect(budget.load()).toEqual({ small: 0, large: 0 });
    expect(budget.reserve().resize(6 * MIB)).toBe(true);
  });

  it('moves a growing body to the pool of large bodies, or leaves it unchanged if that pool is full', () => {
    const budget = new UploadBudget(8 * MIB);
    const growing = budget.reserve();
    expect(growing.resize(100)).toBe(true);
    expect(budget.load()).toEqual({ small: 100, large: 0 });
    expect(growing.resize(2 * MIB)).toBe(true);
    expect(budget.load()).toEqual({ small: 0, large: 2 * MIB });
    const other = budget.reserve();
    expect(other.resize(4 * MIB)).toBe(true);
    expect(growing.resize(2 * MIB + 1)).toBe(false);
    expect(budget.load()).toEqual({ small: 0, large: 6 * MIB });
  });

  it('admits a single body of any size, because it would otherwise be rejected forever', () => {
    const budget = new UploadBudget(MIB);
    const reservation = budget.reserve();
    expect(reservation.resize(64 * MIB)).toBe(true);
    expect(reservation.resize(65 * MIB)).toBe(true);
    expect(budget.reserve().resize(SMALL_BODY_BYTES + 1)).toBe(false);
  });
});
