import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { get_encoding, Tiktoken } from 'tiktoken';
import { piecePattern } from './piece-pattern.js';
import {
  claudeVocabulary,
  LOOKAHEAD_CHARS,
  MAX_PIECE_BYTES,
  TextCounter,
  type EncodingName,
} from './text-counter.js';

const encodings: EncodingName[] = ['o200k_base', 'cl100k_base', 'p50k_base', 'claude'];
const plain = new Map(encodings.map((name) => [name, tiktokenOf(name)]));

function tiktokenOf(encoding: EncodingName): Tiktoken {
  if (encoding !== 'claude') return get_encoding(encoding);
  const { bpe_ranks, special_tokens, pat_str } = claudeVocabulary();
  return new Tiktoken(bpe_ranks, special_tokens, pat_str);
}

function counterOf(encoding: EncodingName): TextCounter {
  return new TextCounter(encoding, piecePattern(encoding));
}

function tiktokenCount(text: string, encoding: EncodingName = 'o200k_base'): number {
  return plain.get(encoding)!.encode_ordinary(text).length;
}

const oneOf = (characters: string) => fc.constantFrom(...Array.from(characters));

/** Words, marks and spaces of many scripts, and edge cases of the encodings' patterns. */
const fragment = fc.oneof(
  fc.constantFrom(
    ...[
      'the',
      'Quick',
      'BROWN',
      'camelCase',
      'XMLHttpRequest',
      'naïve',
      'Straße',
      'Ǆungla',
      'ǅ',
      'İstanbul',
      'ﬁn',
    ],
    ...['Привет', 'МИР', 'їжак', 'Ελλάδα', '中文字符', '日本語テキスト', 'ｶﾀｶﾅ', '한국어', '각'],
    ...['السلام', 'عَلَيْكُم', 'שָׁלוֹם', 'नमस्ते', 'क्षत्रिय', 'ประเทศไทย', 'བོད', 'ⴰⵎⴰⵣⵉⵖ', '𝒜𝓁𝑔', '𐐷𐐏'],
    ...[
      "I'LL",
      "don't",
      "we'Re",
      "'s",
      "'ſ",
      "it'ſ",
      "'ve",
      "'D",
      "'",
      "''t",
      '’s',
      "l'été",
      "'M",
      "'\u212a",
    ],
    ...['👩‍👩‍👧‍👦', '🇫🇷', '👍🏽', '❤️', '1️⃣', '☃', '\u200d', '\ufe0f', 'e\u0301\u0323', '\u0301', '\u20dd'],
    ...[
      '123',
      '1234567',
      '3.14',
      '٣٤٥',
      '०१२',
      '½',
      'Ⅻ',
      '²',
      '<|endoftext|>',
      '<|im_start|>',
      '<|fim_prefix|>',
    ],
    ...[
      'function f(x) {',
      '});',
      '=>',
      '//',
      '/*',
      '*/',
      '\n/',
      '!\r\n/',
      '#include <a.h>',
      '{"a":[1,2]}',
      '\\u0000',
    ],
    ...[
      'https://example.com/a?b=c&d',
      'user@example.com',
      'snake_case',
      '--flag',
      '====',
      '...',
      '…',
      '。',
      '「',
    ],
    ...[
      ' ',
      '  ',
      '   ',
      '\n',
      '\n\n',
      '\r\n',
      '\t',
      ' \n',
      '\n ',
      '\u00a0',
      '\u3000',
      '\u2028',
      '\u0085',
      '\ufeff',
    ],
    ...[
      '\u180e',
      '\u200b',
      '\u0000',
      '\u001f',
      '\u001c',
      '\ud800',
      '\udc00',
      '\udbff\ud800',
      '\ufffd',
      '\u{e0001}',
    ],
  ),
  fc.string({ unit: oneOf(' \n\r\t\u00a0'), maxLength: 8 }),
  fc.string({ unit: oneOf("aAbBsStTéÉǅ'"), maxLength: 10 }),
  fc.string({ unit: oneOf('/\n !?a1'), maxLength: 10 }),
  fc.string({ unit: 'grapheme', maxLength: 8 }),
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.string({ unit: 'grapheme-ascii', maxLength: 12 }),
  fc.nat({ max: 0xffff }).map((unit) => String.fromCharCode(unit)),
);
const text = fc
  .array(fc.tuple(fragment, fc.constantFrom('', '', ' ', '\n')), { maxLength: 24 })
  .map((parts) => {
    return parts.flat().join('');
  });

describe('TextCounter', () => {
  it.each([
    ['o200k_base', 3000],
    ['cl100k_base', 1000],
    ['p50k_base', 1000],
    ['claude', 1000],
  ] as const)('returns the same counts as tiktoken for %s', (encoding, numRuns) => {
    const counter = counterOf(encoding);
    fc.assert(
      fc.property(text, (sample) => {
        const expected = { tokens: tiktokenCount(sample, encoding), end: sample.length };
        expect(counter.count(sample)).toEqual(expected);
        expect(counter.count(sample)).toEqual(expected); // now from the cache
      }),
      { numRuns },
    );
  });

  it.each(encodings)('classifies every character of Unicode as tiktoken does for %s', (encoding) => {
    const counter = counterOf(encoding);
    // The patterns split letters and digits, marks, spaces and other characters from the following text differently.
    const contexts = [(c: string) => `${c}\n \n`, (c: string) => `${c}111111`];
    const differing: string[] = [];
    for (let start = 0; start < 0x40000; start += 256) {
      const characters = Array.from({ length: 256 }, (_, index) => String.fromCodePoint(start + index));
      for (const context of contexts) {
        const sample = characters.map(context).join('');
        if (counter.count(sample).tokens !== tiktokenCount(sample, encoding))
          differing.push(start.toString(16));
      }
    }
    expect(differing).toEqual([]);
  });

  it('counts special tokens as plain text', () => {
    expect(counterOf('o200k_base').count('<|endoftext|>')).toEqual({ tokens: 7, end: 13 });
  });

  it('counts 0 tokens for an empty text', () => {
    expect(counterOf('o200k_base').count('')).toEqual({ tokens: 0, end: 0 });
  });

  it('counts a lone surrogate as U+FFFD', () => {
    const counter = counterOf('o200k_base');
    for (const lone of ['\ud83d', '\ude00', 'a\ud83d b', '\ude00\ud83d', '\ud800'.repeat(300)]) {
      expect(counter.count(lone).tokens).toBe(counter.count(lone.toWellFormed()).tokens);
    }
  });

  it.each(['a', 'Z', ' ', '\n', '!', '-', '的', 'é', '\u0301', '😀', '👍🏽', 'ab', '\r\n'])(
    'returns the exact count for a run of %j up to MAX_PIECE_BYTES',
    (unit) => {
      const run = unit.repeat(Math.floor(MAX_PIECE_BYTES / Buffer.byteLength(unit)));
      const rest = run.slice(2 * unit.length);
      for (const sample of [run, `${run}.`, `x ${rest}y`, `!${rest}a`, `${rest}\n`]) {
        expect(counterOf('o200k_base').count(sample).tokens).toBe(tiktokenCount(sample));
      }
    },
  );

  it.each(['a', 'A', ' ', '\n', ' \n', '!', '的', '\u0301', '😀', 'a😀', '\ud800', '/\n', '0'])(
    'counts a run of 100,000 %j with an error below one token per 128 characters',
    (unit) => {
      const stretch = unit.repeat(Math.floor(500 / Buffer.byteLength(unit)));
      const { tokens, end } = counterOf('o200k_base').count(unit.repeat(100_000));
      const expected = (tiktokenCount(stretch) * 100_000 * unit.length) / stretch.length;
      expect(end).toBe(100_000 * unit.length);
      expect(Math.abs(tokens - expected)).toBeLessThan((100_000 * unit.length) / 128);
    },
  );

  it('counts a run that is too long for one regular-expression match in V8', () => {
    const run = ' '.repeat(8_000_000);
    expect(counterOf('o200k_base').count(run)).toEqual({ tokens: 8_000_000 / 128, end: 8_000_000 });
  });

  it('never splits a long run inside a surrogate pair', () => {
    const [first, next, rest] = [`!${'😀'.repeat(64)}`, '😀'.repeat(64), '😀'.repeat(16)]; // 129, 128 and 32 units
    const chunks = [first, next, next, next, next, next, rest];
    const expected = chunks.reduce((sum, chunk) => sum + tiktokenCount(chunk), 0);
    expect(counterOf('o200k_base').count(chunks.join('')).tokens).toBe(expected);
  });

  it('stops between two pieces after maxSteps, and counts the remaining text in later calls', () => {
    const sample = 'Some words, 12345 and more; naïve 的的的 text\n\n  with   runs. '.repeat(40);
    for (const maxSteps of [1, 50, 500, 2000]) {
      const counter = counterOf('o200k_base');
      let tokens = 0;
      let rest = sample;
      while (rest) {
        const counted = counter.count(rest, { maxSteps });
        expect(counted.end).toBeGreaterThan(0);
        tokens += counted.tokens;
        rest = rest.slice(counted.end);
      }
      expect(tokens).toBe(tiktokenCount(sample));
    }
  });

  it('starts no piece after maxSteps', () => {
    expect(counterOf('o200k_base').count('a b c d e', { maxSteps: 1 })).toEqual({ tokens: 1, end: 1 });
    expect(counterOf('o200k_base').count('a b', { maxSteps: 0 })).toEqual({ tokens: 0, end: 0 });
  });

  it('returns the same count for slices of any length', () => {
    const counter = counterOf('o200k_base');
    const unit = fc.constantFrom(
      'a',
      'A',
      ' ',
      '\n',
      '!',
      '/',
      '的',
      '😀',
      '\u0301',
      '7',
      "'s",
      '\ud800',
      'word ',
    );
    const runs = fc.array(fc.tuple(unit, fc.nat({ max: 3000 })), { minLength: 3, maxLength: 8 });
    fc.assert(
      fc.property(runs, fc.integer({ min: 1, max: 5000 }), (parts, extra) => {
        const sample = parts.map(([part, times]) => part.repeat(times)).join('');
        const sliceChars = LOOKAHEAD_CHARS + extra;
        let tokens = 0;
        for (let start = 0; start < sample.length;) {
          const slice = sample.slice(start, start + sliceChars);
          const last = start + slice.length === sample.length;
          const counted = counter.count(slice, {
            stop: last ? slice.length : slice.length - LOOKAHEAD_CHARS,
          });
          tokens += counted.tokens;
          start += counted.end;
        }
        expect(tokens).toBe(counter.count(sample).tokens);
      }),
      { numRuns: 150 },
    );
  });

  it('returns exact counts after it has evicted cached counts', () => {
    const counter = counterOf('o200k_base');
    const words = Array.from(
      { length: 40_000 },
      (_, index) => ` ${(index * 7919).toString(26).replace(/\d/g, 'q')}`,
    );
    const sample = words.join('');
    expect(counter.count(sample).tokens).toBe(tiktokenCount(sample));
    expect(counter.count(sample).tokens).toBe(tiktokenCount(sample));
  });
});
