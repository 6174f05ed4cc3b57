import { describe, expect, it } from '@jest/globals';
import { SMALL_BODY_BYTES, UploadBudget } from './upload-budget.js';

const MIB = 1024 * 1024;

describe('UploadBudget', () => {
  it('admits large bodies up to three quarters of it, and small ones up to the rest', () => {
    const budget = new UploadBudget(8 * MIB);
    const large = Array.from({ length: 7 }, () => budget.open().resize(MIB));
    expect(large).toEqual([true, true, true, true, true, true, false]);
    const small = Array.from({ length: 33 }, () => budget.open().resize(SMALL_BODY_BYTES));
    expect(small.filter(Boolean)).toHaveLength(32);
    expect(budget.load()).toEqual({ small: 2 * MIB, large: 6 * MIB });
  });

  it('takes a body back that has been released, once', () => {
    const budget = new UploadBudget(8 * MIB);
    const slot = budget.open();
    expect(slot.resize(6 * MIB)).toBe(true);
    expect(budget.open().resize(6 * MIB)).toBe(false);
    slot.release();
    slot.release();
    expect(budget.load()).toEqual({ small: 0, large: 0 });
    expect(budget.open().resize(6 * MIB)).toBe(true);
  });

  it('moves a body that grows to the share of large ones, or leaves it as it was', () => {
    const budget = new UploadBudget(8 * MIB);
    const grows = budget.open();
    expect(grows.resize(100)).toBe(true);
    expect(budget.load()).toEqual({ small: 100, large: 0 });
    expect(grows.resize(2 * MIB)).toBe(true);
    expect(budget.load()).toEqual({ small: 0, large: 2 * MIB });
    const other = budget.open();
    expect(other.resize(4 * MIB)).toBe(true);
    expect(grows.resize(2 * MIB + 1)).toBe(false);
    expect(budget.load()).toEqual({ small: 0, large: 6 * MIB });
  });

  it('always admits a body that is alone, so that none is too large for good', () => {
    const budget = new UploadBudget(MIB);
    const slot = budget.open();
    expect(slot.resize(64 * MIB)).toBe(true);
    expect(slot.resize(65 * MIB)).toBe(true);
    expect(budget.open().resize(SMALL_BODY_BYTES + 1)).toBe(false);
  });
});
