import { afterAll, describe, expect, it } from '@jest/globals';
import { mp4, png } from '../../test/support/media-files.js';
import { MessageTokenCounter, type CountedItem } from './message-token-counter.js';
import { TiktokenEstimator } from './tiktoken.estimator.js';
import type { TokenEstimator } from './token-estimator.js';

/** One token per character, synchronously or in a promise. */
class CharacterEstimator implements TokenEstimator {
  count(text: string): number | Promise<number> {
    return text.startsWith('later') ? Promise.resolve(text.length) : text.length;
  }
}

const items = (...texts: string[][]): CountedItem[] => texts.map((each) => ({ texts: each }));

/** An MP4 file that states a length of years. */
function endlessVideo(): string {
  const file = mp4(1);
  file.writeUInt32BE(1, file.indexOf('mvhd') + 16);
  file.writeUInt32BE(0xffffffff, file.indexOf('mvhd') + 20);
  return file.toString('base64');
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
    expect(await tokens.count('user', items(['Hello, world!']))).toEqual({ total: 8, items: [4] });
  });

  it('adds up the texts of an item', async () => {
    const count = await tokens.count('assistant', items(['add', 'Hello, world!'], ['Hello']));
    expect(count).toEqual({ total: 3 + 1 + 1 + 4 + 1, items: [5, 1] });
  });

  it('counts 0 tokens for an empty text, and for an item without texts', async () => {
    expect(await tokens.count('user', items([''], []))).toEqual({ total: 4, items: [0, 0] });
  });

  it('adds tokens of media, of encrypted data, and tokens that need no counting', async () => {
    const image = {
      mediaType: 'image/png',
      data: { type: 'base64' as const, base64: png(1024, 1024).toString('base64') },
    };
    const some = [
      { texts: ['Hello'], media: [image], opaqueChars: 1601, extraTokens: 5 },
      { texts: [], media: [image] },
    ];
    const ofItems = [1 + 765 + 101 + 5, 765];
    expect(await tokens.count('user', some)).toEqual({
      total: 4 + ofItems[0]! + ofItems[1]!,
      items: ofItems,
    });
    // Of Claude: ⌈1024 ÷ 28⌉² = 1369; `Hello` and `user` are 1.1 tokens each.
    const ofClaude = [Math.round(1.1 + 1369 + 101 + 5), 1369];
    expect(await tokens.count('user', some, 'claude-opus-5')).toEqual({
      total: 4 + ofClaude[0]! + ofClaude[1]!,
      items: ofClaude,
    });
  });

  it('rounds once per item', async () => {
    // Five texts of 1.1 tokens.
    const count = await tokens.count(
      'user',
      items(['Hello', 'Hello', 'Hello', 'Hello', 'Hello']),
      'claude-opus-4-5',
    );
    expect(count.items).toEqual([Math.round(5.5)]);
  });

  it('counts at most what the database can store', async () => {
    const video = { mediaType: 'video/mp4', data: { type: 'base64' as const, base64: endlessVideo() } };
    const [many] = [Array.from({ length: 200 }, () => ({ texts: [], media: [video] }))];
    expect((await tokens.count('user', many)).total).toBe(2_147_483_647);
  });

  it('keeps the counts in the order of the items if some are promises', async () => {
    const some = items(['now', 'later..'], ['now.'], ['later.']);
    const count = new MessageTokenCounter(new CharacterEstimator()).count('user', some);
    expect(await count).toEqual({ total: 3 + 4 + 3 + 7 + 4 + 6, items: [10, 4, 6] });
  });

  it('returns a promise for a large text', async () => {
    const text = 'word '.repeat(20_000);
    const count = tokens.count('user', items(['Hello'], [text]));
    expect(count).toBeInstanceOf(Promise);
    expect(await count).toEqual({ total: 3 + 1 + 1 + 20_001, items: [1, 20_001] });
  });

  it('rejects if the estimator rejects', async () => {
    const failing = new MessageTokenCounter({ count: () => Promise.reject(new Error('worker died')) });
    await expect(failing.count('user', [])).rejects.toThrow('worker died');
  });

  it('yields to the event loop between the items of a message, and between messages', async () => {
    const slow = new MessageTokenCounter(new SlowEstimator());
    const many = items(...Array.from({ length: 8 }, () => ['x']));
    let turns = 0;
    const ticking = setInterval(() => (turns += 1), 1);
    const counts = await Promise.all([slow.count('user', many), slow.count('user', many)]);
    clearInterval(ticking);
    expect(counts).toEqual(Array(2).fill({ total: 12, items: Array(8).fill(1) }));
    expect(turns).toBeGreaterThanOrEqual(5);
  });
});
