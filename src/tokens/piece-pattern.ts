import { createRequire } from 'node:module';
import type { TiktokenEncoding } from 'tiktoken';
import { MAX_RUN_CHARS } from './text-counter.js';

const registry = createRequire(import.meta.url)('tiktoken/registry.json') as Record<
  TiktokenEncoding,
  { pat_str: string }
>;

/**
 * The letters, marks and digits that came with Unicode 17. tiktoken 1.0.22 has the classes of Unicode 16, in which
 * these are none, Node 22.23 and 24.21 those of 17 (22.21: of 16). Found by counting every code point; the spec would
 * find more.
 */
const UNKNOWN_TO_TIKTOKEN =
  '\\u088f\\u0c5c\\u0cdc\\u1acf-\\u1aeb\\ua7ce\\ua7cf\\ua7d2\\ua7d4\\ua7f1\\u{10940}-\\u{10959}\\u{10ec5}-\\u{10ec7}' +
  '\\u{10efa}\\u{10efb}\\u{11b60}-\\u{11b67}\\u{11db0}-\\u{11de9}\\u{16ea0}-\\u{16ed3}\\u{16ff2}-\\u{16ff6}' +
  '\\u{187f8}-\\u{187ff}\\u{18d09}-\\u{18d1e}\\u{18d80}-\\u{18df2}\\u{1e6c0}-\\u{1e6ff}\\u{2b73a}-\\u{2b73f}' +
  '\\u{2cea2}-\\u{2cead}\\u{323b0}-\\u{33479}';

/**
 * The pattern by which an encoding splits text into the pieces it encodes one by one: tiktoken's own, rewritten from
 * Rust's dialect, every run bounded.
 *
 * - `\s` is Unicode's White_Space in Rust; in JavaScript it has U+FEFF too and lacks U+0085.
 * - `(?i:…)` is written out, since Node 22 cannot read it. U+017F, to Rust a third case of `s`, is left out: in these
 *   vocabularies no longer token has it, so it makes no difference.
 * - `\p{…}` is as Unicode 16 has it.
 * - `*` and `+` stop at `MAX_RUN_CHARS`, which changes no piece within that. Without a bound a run of some millions
 *   throws "Maximum call stack size exceeded"; with it a text is scanned in linear time, as fast as before, and no
 *   match looks further than `LOOKAHEAD_CHARS`.
 */
export function piecePattern(encoding: TiktokenEncoding): RegExp {
  const source = registry[encoding].pat_str
    .replace(/\(\?i:([^)]*)\)/g, (_, branches: string) => `(?:${branches.replace(/[a-z]/g, bothCases)})`)
    .replaceAll('/', '\\/')
    .replace(/\\p\{\w+\}/g, (known) => `[${known}--[${UNKNOWN_TO_TIKTOKEN}]]`)
    .replaceAll('\\s', '\\p{White_Space}')
    .replaceAll('\\S', '\\P{White_Space}')
    .replaceAll('*', `{0,${MAX_RUN_CHARS}}`)
    .replaceAll('+', `{1,${MAX_RUN_CHARS}}`);
  return new RegExp(source, 'gv');
}

function bothCases(letter: string): string {
  return `[${letter}${letter.toUpperCase()}]`;
}
