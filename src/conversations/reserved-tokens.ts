import type { Violation } from '../common/errors/app-error.js';

/** The settings of which one must be less than the other; undefined or null where it is not given. */
interface BudgetSettings {
  tokenBudget?: unknown;
  reserveTokens?: unknown;
}

/** The reserved tokens must be less than the budget. Says nothing unless both are given, as numbers. */
export function reserveViolations({ tokenBudget, reserveTokens }: BudgetSettings): Violation[] {
  if (typeof tokenBudget !== 'number' || !Number.isSafeInteger(reserveTokens)) return [];
  if ((reserveTokens as number) < tokenBudget) return [];
  return [{ path: 'reserve_tokens', message: `must be less than token_budget (${tokenBudget})` }];
}

/** The same rule where one of both is given, and the other is that of the stored conversation. */
export function storedReserveViolations(
  { tokenBudget, reserveTokens }: BudgetSettings,
  stored: { tokenBudget: number; reserveTokens: number },
): Violation[] {
  const violations = reserveViolations({
    tokenBudget: tokenBudget ?? stored.tokenBudget,
    reserveTokens: reserveTokens ?? stored.reserveTokens,
  });
  if (violations.length === 0 || typeof reserveTokens === 'number') return violations;
  const message = `must be greater than reserve_tokens of the conversation (${stored.reserveTokens})`;
  return [{ path: 'token_budget', message }];
}
