import { afterAll, describe, expect, it } from '@jest/globals';
import { MessageTokenCounter, type CountedPart } from './message-token-counter.js';
import { TiktokenEstimator } from './tiktoken.estimator.js';
import type { TokenEstimator } from './token-estimator.js';

function part(value: { type: string; text?: unknown; [field: string]: unknown }): CountedPart {
  return { type: value.type, text: value.text, raw: JSON.stringify(value) };
}

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
    expect(await tokens.count('user', [part({ type: 'text', text: 'Hello, world!' })])).toEqual({
      total: 8,
      parts: [4],
    });
  });

  it('counts the text of reasoning and the compact JSON of any other part', async () => {
    const count = await tokens.count('assistant', [
      part({ type: 'reasoning', text: 'Hello, world!' }),
      part({ type: 'tool_call', name: 'add' }), // {"|type|":"|tool|_call|","|name|":"|add|"}
    ]);
    expect(count).toEqual({ total: 3 + 1 + 4 + 10, parts: [4, 10] });
  });

  it('counts the compact JSON of a text part without a string', async () => {
    const raw = '{"type":"text","text":1.0}'; // {"|type|":"|text|","|text|":|1|.|0|}
    expect(await tokens.count('tool', [{ type: 'text', text: 1, raw }])).toEqual({ total: 15, parts: [11] });
  });

  it('counts the compact JSON of other parts, even if they have a text', () => {
    const file = part({ type: 'file', text: 'Hello, world!' });
    const { parts } = new MessageTokenCounter(new CharacterEstimator()).count('user', [file]) as {
      parts: number[];
    };
    expect(parts).toEqual([file.raw.length]);
  });

  it('counts 0 tokens for an empty text', async () => {
    expect(await tokens.count('user', [part({ type: 'text', text: '' })])).toEqual({ total: 4, parts: [0] });
  });

  it('keeps the counts in the order of the parts if some are promises', async () => {
    const texts = ['now', 'later..', 'now.', 'later.'];
    const count = new MessageTokenCounter(new CharacterEstimator()).count(
      'user',
      texts.map((text) => part({ type: 'text', text })),
    );
    expect(await count).toEqual({ total: 3 + 4 + 3 + 7 + 4 + 6, parts: [3, 7, 4, 6] });
  });

  it('returns a promise for a large part', async () => {
    const text = 'word '.repeat(20_000);
    const count = tokens.count('user', [part({ type: 'text', text: 'Hello' }), part({ type: 'text', text })]);
    expect(count).toBeInstanceOf(Promise);
    expect(await count).toEqual({ total: 3 + 1 + 1 + 20_001, parts: [1, 20_001] });
  });

  it('rejects if the estimator rejects', async () => {
    const failing = new MessageTokenCounter({ count: () => Promise.reject(new Error('worker died')) });
    await expect(failing.count('user', [])).rejects.toThrow('worker died');
  });

  it('yields to the event loop between the parts of a message, and between messages', async () => {
    const slow = new MessageTokenCounter(new SlowEstimator());
    const parts = Array.from({ length: 8 }, () => part({ type: 'text', text: 'x' }));
    let turns = 0;
    const ticking = setInterval(() => (turns += 1), 1);
    const counts = await Promise.all([slow.count('user', parts), slow.count('user', parts)]);
    clearInterval(ticking);
    expect(counts).toEqual(Array(2).fill({ total: 12, parts: Array(8).fill(1) }));
    expect(turns).toBeGreaterThanOrEqual(5);
  });
});
