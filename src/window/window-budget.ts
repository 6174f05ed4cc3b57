import type { WindowRequest } from './window-request.js';

/** Token factors are multiples of 1 / `FACTOR_SCALE`. */
const FACTOR_SCALE = 100;

/**
 * The budget of a window. Budgets are in tokens of the conversation's model. Stored counts are estimates of them, and `tokenFactor`
 * corrects the estimates. The window is computed with stored counts; `toModelTokens` converts what the caller is told.
 */
export class WindowBudget {
  /** The least of the budgets of the conversation, the policy and the caller, without `reserve_tokens`; in tokens of the model. */
  readonly effective: number;
  /** The same in stored counts. */
  readonly tokens: number;
  private readonly factor: number;

  constructor({ conversation, policy, callBudgetTokens }: WindowRequest) {
    const { tokenBudget, reserveTokens, tokenFactor } = conversation;
    this.factor = Math.round(tokenFactor * FACTOR_SCALE);
    const least = Math.min(tokenBudget, policy.maxTokens, callBudgetTokens ?? Infinity);
    this.effective = Math.max(0, least - reserveTokens);
    this.tokens = Math.floor((this.effective * FACTOR_SCALE) / this.factor);
  }

  /** Rounded up; never more than `effective` for `tokens` that fit. */
  toModelTokens(storedTokens: number): number {
    return Math.ceil((storedTokens * this.factor) / FACTOR_SCALE);
  }
}
