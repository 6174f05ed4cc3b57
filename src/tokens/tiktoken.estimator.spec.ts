import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from '@jest/globals';
import { get_encoding } from 'tiktoken';
import { piecePattern } from './piece-pattern.js';
import { TextCounter } from './text-counter.js';
import { TiktokenEstimator } from './tiktoken.estimator.js';

/** Texts with the counts of npm ai-tokenizer 1.0.6 for Claude 4.5 and Gemini 2.5; `npm run bench:tokenizers` counts others. */
const samples = Object.entries(
  JSON.parse(readFileSync('test/fixtures/texts-with-token-counts.json', 'utf8')) as Record<
    'english' | 'code' | 'json' | 'chinese' | 'russian' | 'greek',
    { claude: number; gemini: number; text: string }
  >,
);

const tiktoken = get_encoding('o200k_base');
const paragraph = "The traveller's seat, 14C, isn't paid for: 1,280.50 € are due — naïve 的的的 😀.\n\n  ";

describe('TiktokenEstimator', () => {
  const estimator = new TiktokenEstimator('tiktoken:gpt-4o');
  afterAll(() => estimator.onApplicationShutdown());

  it('rejects an unknown name', () => {
    expect(() => new TiktokenEstimator('tiktoken:gpt-0')).toThrow('one of: gpt2, r50k_base');
  });

  it('uses the encoding of its name', () => {
    expect(estimator.count('antidisestablishmentarianism')).toBe(6);
    expect(new TiktokenEstimator('tiktoken:gpt2').count('antidisestablishmentarianism')).toBe(5);
  });

  it.each(samples)(
    'counts %s as the tokenizers of Claude and Gemini do',
    async (_, { text, claude, gemini }) => {
      expect(Math.abs((await estimator.count(text, 'claude-opus-4-5')) / claude - 1)).toBeLessThan(0.001);
      expect(Math.abs((await estimator.count(text, 'gemini-2.5-pro')) / gemini - 1)).toBeLessThan(0.001);
    },
  );

  it('counts exactly for models of OpenAI', async () => {
    for (const [, { text }] of samples) {
      for (const model of ['gpt-4o', 'gpt-4.1', 'gpt-5-mini', 'o3', null, undefined])
        expect(await estimator.count(text, model)).toBe(tiktoken.encode_ordinary(text).length);
      expect(await estimator.count(text, 'gpt-4')).toBe(
        get_encoding('cl100k_base').encode_ordinary(text).length,
      );
    }
  });

  it('counts unknown models, and conversations without one, with the encoding of its name', async () => {
    const gpt2 = new TiktokenEstimator('tiktoken:gpt2');
    expect(gpt2.count('antidisestablishmentarianism', 'my-own-model')).toBe(5);
    expect(gpt2.count('antidisestablishmentarianism', 'gpt-4o')).toBe(6);
    await gpt2.onApplicationShutdown();
  });

  it('counts a large text of a model on the worker', async () => {
    const text = paragraph.repeat(2000);
    const claude = new TextCounter('claude', piecePattern('claude')).count(text).tokens;
    const count = estimator.count(text, 'claude-opus-4-5');
    expect(count).toBeInstanceOf(Promise);
    expect(await count).toBeCloseTo(1.1 * claude, 5);
  });

  it('counts a small text synchronously', () => {
    expect(estimator.count(paragraph)).toBe(tiktoken.encode_ordinary(paragraph).length);
  });

  it('counts a large text exactly, in slices on the worker', async () => {
    const text = paragraph.repeat(5000);
    const count = estimator.count(text);
    expect(count).toBeInstanceOf(Promise);
    expect(await count).toBe(tiktoken.encode_ordinary(text).length);
  });

  it('lets the worker count the rest of a small text that takes many steps', async () => {
    const text = `${paragraph}${Array.from({ length: 30 }, (_, i) => '的'.repeat(170 - i)).join('!')}`;
    const count = estimator.count(text);
    expect(count).toBeInstanceOf(Promise);
    expect(await count).toBe(tiktoken.encode_ordinary(text).length);
  });

  it('returns the same count for hostile text on the worker as on the main thread', async () => {
    const texts = ['a', ' ', '\n', '!', '的', '😀', '\ud800', '\u0301', ' \n'].map((unit) =>
      unit.repeat(300_000),
    );
    const counter = new TextCounter('o200k_base', piecePattern('o200k_base'));
    expect(await Promise.all(texts.map(async (text) => estimator.count(text)))).toEqual(
      texts.map((text) => counter.count(text).tokens),
    );
  });

  it('finishes a text before a larger text whose count started earlier', async () => {
    const finished: string[] = [];
    const bigger = Promise.resolve(estimator.count('ab '.repeat(1_000_000))).then(() =>
      finished.push('bigger'),
    );
    const big = Promise.resolve(estimator.count('ab '.repeat(50_000))).then(() => finished.push('big'));
    await Promise.all([bigger, big]);
    expect(finished).toEqual(['big', 'bigger']);
  });

  it('rejects pending counts when the application shuts down', async () => {
    const closing = new TiktokenEstimator('tiktoken:gpt-4o');
    const count = Promise.resolve(closing.count('ab '.repeat(1_000_000)));
    const outcome = expect(count).rejects.toThrow('Terminating worker thread');
    await closing.onApplicationShutdown();
    await outcome;
  });
});
