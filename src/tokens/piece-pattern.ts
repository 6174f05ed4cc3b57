import { createRequire } from 'node:module';
import type { TiktokenEncoding } from 'tiktoken';
import { claudeVocabulary, MAX_RUN_CHARS, type EncodingName } from './text-counter.js';

const registry = createRequire(import.meta.url)('tiktoken/registry.json') as Record<
  TiktokenEncoding,
  { pat_str: string }
>;

/**
 * The letters, marks and digits that Unicode 17 added. tiktoken 1.0.22 has the character classes of Unicode 16, which
 * do not contain them; Node.js 22.23 and 24.21 have those of Unicode 17 (22.21: of 16). Found by comparing the counts
 * of every code point; text-counter.spec.ts fails if a newer Node.js adds others.
 */
const ADDED_IN_UNICODE_17 =
  '\\u088f\\u0c5c\\u0cdc\\u1acf-\\u1aeb\\ua7ce\\ua7cf\\ua7d2\\ua7d4\\ua7f1\\u{10940}-\\u{10959}\\u{10ec5}-\\u{10ec7}' +
  '\\u{10efa}\\u{10efb}\\u{11b60}-\\u{11b67}\\u{11db0}-\\u{11de9}\\u{16ea0}-\\u{16ed3}\\u{16ff2}-\\u{16ff6}' +
  '\\u{187f8}-\\u{187ff}\\u{18d09}-\\u{18d1e}\\u{18d80}-\\u{18df2}\\u{1e6c0}-\\u{1e6ff}\\u{2b73a}-\\u{2b73f}' +
  '\\u{2cea2}-\\u{2cead}\\u{323b0}-\\u{33479}';

/**
 * The pattern with which an encoding splits text into pieces. "Piece" is tiktoken's term: a part of the text, often a
 * word with a leading space, that is encoded independently of the rest. The pattern is tiktoken's own, translated
 * from Rust's dialect and with bounded repetitions:
 *
 * - `\s` is Unicode's White_Space in Rust; in JavaScript it also matches U+FEFF and does not match U+0085.
 * - `(?i:…)` is expanded, because Node.js 22 does not support it. U+017F, which Rust treats as a third case of `s`,
 *   is omitted: no token of these vocabularies other than its own contains it, so the counts are the same.
 * - `\p{…}` has the meaning of Unicode 16.
 * - `*` and `+` stop at `MAX_RUN_CHARS`, which does not change shorter pieces. Unbounded, a run of some millions of
 *   characters throws "Maximum call stack size exceeded". Bounded, a text is scanned in linear time, as fast as
 *   before, and no match looks ahead further than `LOOKAHEAD_CHARS`.
 */
export function piecePattern(encoding: EncodingName): RegExp {
  const { pat_str: pattern } = encoding === 'claude' ? claudeVocabulary() : registry[encoding];
  const source = pattern
    .replace(/\(\?i:([^)]*)\)/g, (_, branches: string) => `(?:${branches.replace(/[a-z]/g, bothCases)})`)
    .replaceAll('/', '\\/')
    .replace(/\\p\{\w+\}/g, (charClass) => `[${charClass}--[${ADDED_IN_UNICODE_17}]]`)
    .replaceAll('\\s', '\\p{White_Space}')
    .replaceAll('\\S', '\\P{White_Space}')
    .replaceAll('*', `{0,${MAX_RUN_CHARS}}`)
    .replaceAll('+', `{1,${MAX_RUN_CHARS}}`);
  return new RegExp(source, 'gv');
}

function bothCases(letter: string): string {
  return `[${letter}${letter.toUpperCase()}]`;
}
