// What the input of a sequence of windows costs, in units of the price of one uncached input token.
import { commonLength, isExtendedBy } from './window-text.mjs';

/**
 * Source: Anthropic, "Prompt caching" and "Pricing" (platform.claude.com/docs). Writing to the 5-minute cache costs 1.25 times an
 * input token, reading from it 0.1 times. Each request has one breakpoint, at the end of its window. A later request reads the
 * longest window that was written and is a prefix of its own, at most 20 blocks before its end. Shorter prompts than the minimum
 * are not cached. The minimum is 1,024 tokens for most models; some need 2,048 or 4,096.
 */
export const ANTHROPIC = { write: 1.25, read: 0.1, minimum: 1024 };

/**
 * Source: OpenAI, "Prompt caching" and "Pricing" (platform.openai.com/docs). The longest common prefix with an
 * earlier request is cached, in steps of 128 tokens from 1,024 tokens on. A cached token costs 0.1 (gpt-5) to 0.5 (gpt-4o).
 */
export const OPENAI = { minimum: 1024, step: 128, reads: [0.1, 0.5] };

export const PRICE_MODEL = `Prices in units of an uncached input token. Anthropic: cache write ${ANTHROPIC.write}, cache read ${ANTHROPIC.read}, 5-minute cache,
one breakpoint at the end of each window, minimum ${ANTHROPIC.minimum} tokens. OpenAI: cached ${OPENAI.reads.join(' or ')}, steps of ${OPENAI.step} tokens from ${OPENAI.minimum} on.
Every call follows the one before within five minutes. "prefix never changes" is the cost of the same windows at
Anthropic's prices if each of them extended the one before.`;

/** With two or three messages a call, 20 blocks are the windows of the last eight calls. */
const READABLE_WINDOWS = 8;

/** Adds up the cost of the windows of one conversation. */
export class InputCost {
  tokens = 0;
  anthropic = 0;
  unchanged = 0;
  openai = OPENAI.reads.map(() => 0);
  #windows = [];

  /**
   * @param messages the JSON of the messages of the window
   * @param tokens of the window
   * @param newTokens tokens of the events since the window before
   */
  add(messages, tokens, newTokens) {
    const written = this.#windows.filter((window) => isExtendedBy(window.messages, messages));
    const longest = Math.max(0, ...written.map((window) => window.tokens));
    this.tokens += tokens;
    this.anthropic += anthropicCost(tokens, longest);
    this.unchanged += anthropicCost(tokens, this.#windows.length ? Math.max(0, tokens - newTokens) : 0);
    const common = longest > 0 ? longest : this.#commonTokens(messages, tokens);
    OPENAI.reads.forEach((price, index) => (this.openai[index] += openaiCost(tokens, common, price)));
    this.#windows = [{ messages, tokens }, ...this.#windows.slice(0, READABLE_WINDOWS - 1)];
  }

  /** Tokens of the common start with the window before. The share of characters stands for the share of tokens. */
  #commonTokens(messages, tokens) {
    const [before] = this.#windows;
    if (!before || messages === '') return 0;
    return tokens * (commonLength(before.messages, messages) / messages.length);
  }
}

function anthropicCost(tokens, cached) {
  if (tokens < ANTHROPIC.minimum) return tokens;
  const read = cached < ANTHROPIC.minimum ? 0 : Math.min(cached, tokens);
  return ANTHROPIC.read * read + ANTHROPIC.write * (tokens - read);
}

function openaiCost(tokens, common, price) {
  const cached = common < OPENAI.minimum ? 0 : Math.floor(common / OPENAI.step) * OPENAI.step;
  return tokens - cached * (1 - price);
}
