import type { SuffixRange } from '../events/stored-event.js';
import type { TokenRange } from './live-ranges.js';

/*
 * The budget rule: an item is in the window if it fits together with all newer items. So the oldest items are dropped
 * first, and nothing older than a dropped item is kept. An item larger than the budget is dropped with everything older.
 *
 * The rule is stated once, in `RemainingBudget.take`. Everything that a window cuts is cut with it: summaries by
 * `newestThatFit`, events that a policy yields by `take`, events of whole ranges by `takeRange`. For the latter the
 * statement READ_SUFFIX only finds the cut that `takeRange` computed. The bytes of items that are still in the database
 * are known there alone: READ_SUFFIX and FIND_SUMMARIES apply the same rule to them.
 */

/** What is left of a budget while items are taken, the newest first. */
export class RemainingBudget {
  /** Whether bytes, and not tokens, caused an item to be dropped. */
  cutByBytes = false;

  /**
   * @param tokens left; negative after an item that did not fit
   * @param bytes as `tokens`
   */
  constructor(
    public tokens: number,
    public bytes = Infinity,
  ) {}

  copy(): RemainingBudget {
    return new RemainingBudget(this.tokens, this.bytes);
  }

  /** Takes the next older item. Returns whether it fits; after one that does not, no item fits. */
  take(tokens: number, bytes = 0): boolean {
    this.tokens -= tokens;
    this.bytes -= bytes;
    this.cutByBytes ||= this.tokens >= 0 && this.bytes < 0;
    return this.tokens >= 0 && this.bytes >= 0;
  }

  /** Takes the next older range of the log, without reading it. Returns the running total from which its events fit. */
  takeRange({ fromSeq, toSeq, tokensBefore, tokensThrough }: TokenRange): SuffixRange {
    // An event fits if the rest of its range from it on does: tokensThrough − (total before it) ≤ tokens.
    const minTokensBefore = this.tokens < 0 ? Number.MAX_SAFE_INTEGER : tokensThrough - this.tokens;
    this.take(tokensThrough - tokensBefore);
    return { fromSeq, toSeq, minTokensBefore };
  }
}

/** The newest of `items` (ascending) that fit the budget together. */
export function newestThatFit<T>(items: readonly T[], tokensOf: (item: T) => number, budget: number): T[] {
  const remaining = new RemainingBudget(budget);
  return items.slice(items.findLastIndex((item) => !remaining.take(tokensOf(item))) + 1);
}
