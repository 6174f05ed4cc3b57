import { Inject, Injectable } from '@nestjs/common';
import { EventLoopBudget } from './event-loop-budget.js';
import { TOKEN_ESTIMATOR, type TokenEstimator } from './token-estimator.js';

/** Tokens that a chat format adds to each message; see `token_estimate` in docs/api.md. */
const MESSAGE_FRAME_TOKENS = 3;

/** The texts of one item of a message, such as a part, whose tokens are added up. */
export type CountedItem = readonly string[];

export interface MessageTokenCount {
  /** 3 + tokens(role) + the sum of `items`. */
  total: number;
  /** One count per item, in their order. */
  items: number[];
}

/** Computes the `token_estimate` of a message. */
@Injectable()
export class MessageTokenCounter {
  readonly #budget = new EventLoopBudget();

  constructor(@Inject(TOKEN_ESTIMATOR) private readonly estimator: TokenEstimator) {}

  /**
   * 3 + tokens(role) + the tokens of all texts.
   *
   * @param _model whose tokens are counted; null for the default tokenizer
   * @returns a promise only if a text is large, or if the event-loop budget of this turn is exhausted
   */
  count(
    role: string,
    items: readonly CountedItem[],
    _model: string | null = null,
  ): MessageTokenCount | Promise<MessageTokenCount> {
    const counts = this.#countAll([role, ...items.flat()]);
    return counts instanceof Promise
      ? counts.then((all) => messageTokenCount(all, items))
      : messageTokenCount(counts, items);
  }

  #countAll(texts: readonly string[]): number[] | Promise<number[]> {
    const counts: number[] = [];
    for (const text of texts) {
      if (this.#budget.isExhausted) return this.#countRest(texts, counts);
      const count = this.#count(text);
      if (typeof count !== 'number') return this.#countRest(texts, counts, count);
      counts.push(count);
    }
    return counts;
  }

  async #countRest(texts: readonly string[], counts: number[], pending?: Promise<number>): Promise<number[]> {
    if (pending) counts.push(await pending);
    for (const text of texts.slice(counts.length)) {
      if (this.#budget.isExhausted) await this.#budget.available();
      counts.push(await this.#count(text));
    }
    return counts;
  }

  #count(text: string): number | Promise<number> {
    return this.#budget.run(() => this.estimator.count(text));
  }
}

/** @param counts the count of the role, then one count per text of the items */
function messageTokenCount(counts: readonly number[], items: readonly CountedItem[]): MessageTokenCount {
  let next = 1;
  const ofItems = items.map((texts) => {
    const ofTexts = counts.slice(next, (next += texts.length));
    return ofTexts.reduce((sum, count) => sum + count, 0);
  });
  return { total: counts.reduce((sum, count) => sum + count, MESSAGE_FRAME_TOKENS), items: ofItems };
}
