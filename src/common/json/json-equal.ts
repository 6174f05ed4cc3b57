import type { CooperativeTask } from '../cooperative-task.js';
import { canonicalNumber, EXACT_DIGITS } from './canonical-number.js';
import { isObject } from './is-object.js';
import { endOfScalar, endOfString, isDigit, MINUS, QUOTE } from './json-tokens.js';
import { jsonValueTask } from './json-value.js';

const LOWER_E = 0x65;
/** Rewritten numbers per step; they take about 10 ms. */
const NUMBERS_PER_STEP = 20_000;

/**
 * Whether two JSON texts have the same value. White space, key order and the spelling of strings are ignored; numbers
 * are compared by their exact decimal value (1.0 = 10e-1, 12345678901234567890 ≠ 12345678901234567891); of duplicate
 * keys the last one counts. Time and memory are linear in the texts; recursion is as deep as their nesting.
 */
export function* jsonEqualsTask(a: string, b: string): CooperativeTask<boolean> {
  if (a === b) return true;
  const valueOfA = yield* jsonValueTask(yield* withExactNumbers(a));
  yield;
  const valueOfB = yield* jsonValueTask(yield* withExactNumbers(b));
  yield;
  return sameValue(valueOfA, valueOfB);
}

function sameValue(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, index) => sameValue(item, b[index]));
  }
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && sameValue(a[key], b[key]))
  );
}

/**
 * Rewrites the text so that JSON.parse preserves the exact value of every number. Numbers that it may round are
 * replaced by `canonicalNumber`, some of them with strings that begin with `#`. Strings and keys that begin with `#`
 * get a second `#`, so that none of them equals such a number.
 */
function* withExactNumbers(text: string): CooperativeTask<string> {
  const chunks: string[] = [];
  let rewritten = 0;
  let copiedTo = 0;
  for (let at = 0; at < text.length;) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      if (beginsWithHash(text, at + 1)) {
        chunks.push(text.slice(copiedTo, at), '"#');
        copiedTo = at + 1;
      }
      at = endOfString(text, at);
    } else if (code === MINUS || isDigit(code)) {
      const end = endOfScalar(text, at);
      if (!isExactDouble(text, at, end)) {
        chunks.push(text.slice(copiedTo, at), canonicalNumber(text.slice(at, end)));
        copiedTo = end;
        if (++rewritten % NUMBERS_PER_STEP === 0) yield;
      }
      at = end;
    } else at++;
  }
  yield;
  return copiedTo === 0 ? text : chunks.join('') + text.slice(copiedTo);
}

/** `#` has only one escaped spelling. */
function beginsWithHash(text: string, at: number): boolean {
  return text.startsWith('#', at) || text.startsWith('\\u0023', at);
}

/** Whether the number has at most 15 digits and no exponent, as most numbers do. */
function isExactDouble(text: string, start: number, end: number): boolean {
  if (end - start > EXACT_DIGITS) return false;
  for (let at = start; at < end; at++) if ((text.charCodeAt(at) | 0x20) === LOWER_E) return false;
  return true;
}
