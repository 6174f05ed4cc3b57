import { afterAll, describe, expect, it } from '@jest/globals';
import { MessageTokenCounter } from './message-token-counter.js';
import { TiktokenEstimator } from './tiktoken.estimator.js';
import type { TokenEstimator } from './token-estimator.js';

/** One token per character, synchronously or in a promise. */
class CharacterEstimator implements TokenEstimator {
  count(text: string): number | Promise<number> {
    return text.startsWith('later') ? Promise.resolve(text.length) : text.length;
  }
}

/** Blocks the event loop for some milliseconds per text. */
class SlowEstimator implements TokenEstimator {
  count(): number {
    const until = performance.now() + 3;
    while (performance.now() < until);
    return 1;
  }
}

describe('MessageTokenCounter', () => {
  const estimator = new TiktokenEstimator('tiktoken:gpt-4o');
  const tokens = new MessageTokenCounter(estimator);
  afterAll(() => estimator.onApplicationShutdown());

  it('counts 3 tokens plus the tokens of role and text', async () => {
    // user = 1; Hello|,| world|! = 4
    expect(await tokens.count('user', [['Hello, world!']])).toEqual({ total: 8, items: [4] });
  });

  it('adds up the texts of an item', async () => {
    const count = await tokens.count('assistant', [['add', 'Hello, world!'], ['Hello']]);
    expect(count).toEqual({ total: 3 + 1 + 1 + 4 + 1, items: [5, 1] });
  });

  it('counts 0 tokens for an empty text, and for an item without texts', async () => {
    expect(await tokens.count('user', [[''], []])).toEqual({ total: 4, items: [0, 0] });
  });

  it('keeps the counts in the order of the items if some are promises', async () => {
    const items = [['now', 'later..'], ['now.'], ['later.']];
    const count = new MessageTokenCounter(new CharacterEstimator()).count('user', items);
    expect(await count).toEqual({ total: 3 + 4 + 3 + 7 + 4 + 6, items: [10, 4, 6] });
  });

  it('returns a promise for a large text', async () => {
    const text = 'word '.repeat(20_000);
    const count = tokens.count('user', [['Hello'], [text]]);
    expect(count).toBeInstanceOf(Promise);
    expect(await count).toEqual({ total: 3 + 1 + 1 + 20_001, items: [1, 20_001] });
  });

  it('rejects if the estimator rejects', async () => {
    const failing = new MessageTokenCounter({ count: () => Promise.reject(new Error('worker died')) });
    await expect(failing.count('user', [])).rejects.toThrow('worker died');
  });

  it('yields to the event loop between the items of a message, and between messages', async () => {
    const slow = new MessageTokenCounter(new SlowEstimator());
    const items = Array.from({ length: 8 }, () => ['x']);
    let turns = 0;
    const ticking = setInterval(() => (turns += 1), 1);
    const counts = await Promise.all([slow.count('user', items), slow.count('user', items)]);
    clearInterval(ticking);
    expect(counts).toEqual(Array(2).fill({ total: 12, items: Array(8).fill(1) }));
    expect(turns).toBeGreaterThanOrEqual(5);
  });
});
