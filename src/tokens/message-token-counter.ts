import { Inject, Injectable } from '@nestjs/common';
import type { CountedMedia } from '@fastpaca/messages';
import { EventLoopBudget } from './event-loop-budget.js';
import { mediaTokens } from './media/media-tokens.js';
import { familyOf } from './model-families.js';
import { TOKEN_ESTIMATOR, type TokenEstimator } from './token-estimator.js';

/** Tokens that a chat format adds to each message; see `token_estimate` in docs/api.md. */
const MESSAGE_FRAME_TOKENS = 3;

/**
 * Characters of encrypted data per token: 41 kB that OpenAI had compacted were billed as 2,056 tokens, and encrypted reasoning as
 * about its `output_tokens`; measured on recorded answers.
 */
const OPAQUE_CHARS_PER_TOKEN = 16;

/** Highest count that PostgreSQL's `integer` holds: the headers of media may state any length. */
const MAX_TOKENS = 2_147_483_647;

/** One item of a message, such as a part, whose tokens are added up. */
export interface CountedItem {
  readonly texts: readonly string[];
  readonly media?: readonly CountedMedia[];
  /** Characters of encrypted data. */
  readonly opaqueChars?: number;
  /** Tokens that need no counting. */
  readonly extraTokens?: number;
}

export interface MessageTokenCount {
  /** 3 + tokens(role) + the sum of `items`. */
  total: number;
  /** One count per item, in their order; whole numbers. */
  items: number[];
}

/** Computes the `token_estimate` of a message. */
@Injectable()
export class MessageTokenCounter {
  readonly #budget = new EventLoopBudget();

  constructor(@Inject(TOKEN_ESTIMATOR) private readonly estimator: TokenEstimator) {}

  /**
   * 3 + tokens(role) + the tokens of all items, in the tokens of a model.
   *
   * @param model that of the conversation; null or undefined counts as for gpt-4o, texts with the configured estimator
   * @returns a promise only if a text or a PDF is large, or if the event-loop budget of this turn is exhausted
   */
  count(
    role: string,
    items: readonly CountedItem[],
    model?: string | null,
  ): MessageTokenCount | Promise<MessageTokenCount> {
    const counted: Countable[] = [role];
    for (const { texts, media } of items) {
      counted.push(...texts);
      if (media) counted.push(...media);
    }
    const counts = this.#countAll(counted, model);
    return counts instanceof Promise
      ? counts.then((all) => messageTokenCount(all, items))
      : messageTokenCount(counts, items);
  }

  #countAll(
    countables: readonly Countable[],
    model: string | null | undefined,
  ): number[] | Promise<number[]> {
    const counts: number[] = [];
    for (const each of countables) {
      if (this.#budget.isExhausted) return this.#countRest(countables, model, counts);
      const count = this.#count(each, model);
      if (typeof count !== 'number') return this.#countRest(countables, model, counts, count);
      counts.push(count);
    }
    return counts;
  }

  async #countRest(
    countables: readonly Countable[],
    model: string | null | undefined,
    counts: number[],
    pending?: Promise<number>,
  ): Promise<number[]> {
    if (pending) counts.push(await pending);
    for (const each of countables.slice(counts.length)) {
      if (this.#budget.isExhausted) await this.#budget.available();
      counts.push(await this.#count(each, model));
    }
    return counts;
  }

  #count(countable: Countable, model: string | null | undefined): number | Promise<number> {
    return this.#budget.run(() =>
      typeof countable === 'string'
        ? this.estimator.count(countable, model)
        : mediaTokens(countable, familyOf(model)),
    );
  }
}

type Countable = string | CountedMedia;

/** @param counts the count of the role, then one count per text and medium of the items */
function messageTokenCount(counts: readonly number[], items: readonly CountedItem[]): MessageTokenCount {
  let next = 1;
  const ofItems = items.map(({ texts, media, opaqueChars = 0, extraTokens = 0 }) => {
    let tokens = extraTokens + Math.ceil(opaqueChars / OPAQUE_CHARS_PER_TOKEN);
    for (const end = next + texts.length + (media?.length ?? 0); next < end; next += 1)
      tokens += counts[next] ?? 0;
    return Math.min(MAX_TOKENS, Math.round(tokens));
  });
  const frame = MESSAGE_FRAME_TOKENS + Math.round(counts[0] ?? 0);
  const total = ofItems.reduce((sum, count) => sum + count, frame);
  return { total: Math.min(MAX_TOKENS, total), items: ofItems };
}
