import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { WindowBudget } from './window-budget.js';
import type { WindowRequest } from './window-request.js';

function budgetOf(
  conversation: { tokenBudget: number; reserveTokens?: number; tokenFactor?: number },
  maxTokens = Infinity,
  callBudgetTokens?: number,
): WindowBudget {
  const request = {
    conversation: { reserveTokens: 0, tokenFactor: 1, ...conversation },
    policy: { maxTokens },
    callBudgetTokens,
  };
  return new WindowBudget(request as unknown as WindowRequest);
}

describe('WindowBudget', () => {
  it('is the least of three budgets, less what is reserved', () => {
    expect(budgetOf({ tokenBudget: 100 }).effective).toBe(100);
    expect(budgetOf({ tokenBudget: 100, reserveTokens: 30 }, 80, 90).effective).toBe(50);
    expect(budgetOf({ tokenBudget: 100, reserveTokens: 30 }, 80, 20).effective).toBe(0);
  });

  it('never tells the caller more tokens than the budget', () => {
    const factor = fc.integer({ min: 1, max: 400 }).map((hundredths) => hundredths / 100);
    fc.assert(
      fc.property(fc.nat(1_000_000), factor, (tokenBudget, tokenFactor) => {
        const budget = budgetOf({ tokenBudget, tokenFactor });
        expect(budget.toModelTokens(budget.tokens)).toBeLessThanOrEqual(budget.effective);
        expect(budget.toModelTokens(budget.tokens + 1)).toBeGreaterThan(budget.effective);
      }),
    );
  });
});
