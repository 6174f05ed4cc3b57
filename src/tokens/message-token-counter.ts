import { Inject, Injectable } from '@nestjs/common';
import { EventLoopBudget } from './event-loop-budget.js';
import { TOKEN_ESTIMATOR, type TokenEstimator } from './token-estimator.js';

/** Tokens by which a chat format frames each message; spec.md §2. */
const MESSAGE_FRAME_TOKENS = 3;

/** What counting needs of a part. */
export interface CountedPart {
  type: string;
  text?: unknown;
  /** The part as compact JSON, key order and number spelling as the caller sent them. */
  raw: string;
}

export interface MessageTokenCount {
  /** 3 + tokens(role) + the sum of `parts`; what it costs without its parts is the difference. */
  total: number;
  /** One count per part, in their order. */
  parts: number[];
}

/** The `token_estimate` of a message. */
@Injectable()
export class MessageTokenCounter {
  readonly #share = new EventLoopBudget();

  constructor(@Inject(TOKEN_ESTIMATOR) private readonly estimator: TokenEstimator) {}

  /**
   * spec.md §2: 3 + tokens(role) + Σ parts; a `text` or `reasoning` part with a string `text` counts tokens(text), any
   * other part tokens(its compact JSON).
   *
   * Answers at once unless a text is big or many were counted in this turn of the event loop, by any caller.
   */
  count(role: string, parts: readonly CountedPart[]): MessageTokenCount | Promise<MessageTokenCount> {
    const texts = [role, ...parts.map(countedText)];
    const counts: number[] = [];
    for (const text of texts) {
      if (this.#share.usedUp) return this.#countRest(texts, counts);
      const count = this.#count(text);
      if (typeof count !== 'number') return this.#countRest(texts, counts, count);
      counts.push(count);
    }
    return messageTokenCount(counts);
  }

  async #countRest(texts: string[], counts: number[], pending?: Promise<number>): Promise<MessageTokenCount> {
    if (pending) counts.push(await pending);
    for (const text of texts.slice(counts.length)) {
      if (this.#share.usedUp) await this.#share.free();
      counts.push(await this.#count(text));
    }
    return messageTokenCount(counts);
  }

  #count(text: string): number | Promise<number> {
    return this.#share.spend(() => this.estimator.count(text));
  }
}

function countedText(part: CountedPart): string {
  return countsByText(part) ? part.text : part.raw;
}

/** Whether a part costs what its text costs, so that its JSON is not looked at. */
export function countsByText<P extends { type: string; text?: unknown }>(
  part: P,
): part is P & { text: string } {
  return (part.type === 'text' || part.type === 'reasoning') && typeof part.text === 'string';
}

/** @param counts the role's, then one per part */
function messageTokenCount(counts: number[]): MessageTokenCount {
  return {
    total: counts.reduce((sum, count) => sum + count, MESSAGE_FRAME_TOKENS),
    parts: counts.slice(1),
  };
}
