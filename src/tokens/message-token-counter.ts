import { Inject, Injectable } from '@nestjs/common';
import { EventLoopBudget } from './event-loop-budget.js';
import { TOKEN_ESTIMATOR, type TokenEstimator } from './token-estimator.js';

/** Tokens that a chat format adds to each message; see `token_estimate` in docs/api.md. */
const MESSAGE_FRAME_TOKENS = 3;

/** The fields of a part that counting needs. */
export interface CountedPart {
  type: string;
  text?: unknown;
  /** The part as compact JSON, with the caller's key order and number spelling. */
  raw: string;
}

export interface MessageTokenCount {
  /** 3 + tokens(role) + the sum of `parts`. */
  total: number;
  /** One count per part, in the order of the parts. */
  parts: number[];
}

/** Computes the `token_estimate` of a message. */
@Injectable()
export class MessageTokenCounter {
  readonly #budget = new EventLoopBudget();

  constructor(@Inject(TOKEN_ESTIMATOR) private readonly estimator: TokenEstimator) {}

  /**
   * 3 + tokens(role) + the sum of the parts. A `text` or `reasoning` part with a string `text` counts as
   * tokens(text), any other part as tokens(its compact JSON).
   *
   * @returns a promise only if a text is large, or if the event-loop budget of this turn is exhausted
   */
  count(role: string, parts: readonly CountedPart[]): MessageTokenCount | Promise<MessageTokenCount> {
    const texts = [role, ...parts.map(countedText)];
    const counts: number[] = [];
    for (const text of texts) {
      if (this.#budget.isExhausted) return this.#countRest(texts, counts);
      const count = this.#count(text);
      if (typeof count !== 'number') return this.#countRest(texts, counts, count);
      counts.push(count);
    }
    return messageTokenCount(counts);
  }

  async #countRest(texts: string[], counts: number[], pending?: Promise<number>): Promise<MessageTokenCount> {
    if (pending) counts.push(await pending);
    for (const text of texts.slice(counts.length)) {
      if (this.#budget.isExhausted) await this.#budget.available();
      counts.push(await this.#count(text));
    }
    return messageTokenCount(counts);
  }

  #count(text: string): number | Promise<number> {
    return this.#budget.run(() => this.estimator.count(text));
  }
}

function countedText(part: CountedPart): string {
  return countsByText(part) ? part.text : part.raw;
}

/** Whether the tokens of a part are those of its `text`; otherwise they are those of its JSON. */
export function countsByText<P extends { type: string; text?: unknown }>(
  part: P,
): part is P & { text: string } {
  return (part.type === 'text' || part.type === 'reasoning') && typeof part.text === 'string';
}

/** @param counts the count of the role, then one count per part */
function messageTokenCount(counts: number[]): MessageTokenCount {
  return {
    total: counts.reduce((sum, count) => sum + count, MESSAGE_FRAME_TOKENS),
    parts: counts.slice(1),
  };
}
