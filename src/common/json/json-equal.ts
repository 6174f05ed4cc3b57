import { canonicalNumber, EXACT_DIGITS } from './canonical-number.js';
import { endOfScalar, endOfString, isDigit, MINUS, QUOTE } from './json-tokens.js';
import { runToCompletion, type CooperativeTask } from '../cooperative-task.js';
import { jsonValueStages } from './json-value.js';

const LOWER_E = 0x65;
/** Rewritten numbers after which there is a pause: some 10 ms. */
const NUMBERS_PER_STAGE = 20_000;

/**
 * Whether two JSON texts are the same JSON value. White space, key order and spelling of strings don't matter; numbers
 * compare by exact decimal value (1.0 = 10e-1, 12345678901234567890 ≠ 12345678901234567891); of duplicate keys the
 * last wins. Time and memory are linear in the texts, recursion as deep as they nest.
 */
export function jsonEquals(a: string, b: string): boolean {
  return runToCompletion(compareJson(a, b));
}

/** The same in stages, for large texts. */
export function* compareJson(a: string, b: string): CooperativeTask<boolean> {
  if (a === b) return true;
  const valueOfA = yield* jsonValueStages(yield* withExactNumbers(a));
  yield;
  const valueOfB = yield* jsonValueStages(yield* withExactNumbers(b));
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

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The text, changed so that JSON.parse loses nothing of its numbers: those it may not read exactly are rewritten by
 * canonicalNumber, some of them to strings that begin with `#`. Strings and keys that begin with `#` get another `#`, so
 * that none can pass for a number.
 */
function* withExactNumbers(text: string): CooperativeTask<string> {
  const pieces: string[] = [];
  let rewritten = 0;
  let kept = 0;
  for (let at = 0; at < text.length;) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      if (beginsWithHash(text, at + 1)) {
        pieces.push(text.slice(kept, at), '"#');
        kept = at + 1;
      }
      at = endOfString(text, at);
    } else if (code === MINUS || isDigit(code)) {
      const end = endOfScalar(text, at);
      if (!isExactAsItIs(text, at, end)) {
        pieces.push(text.slice(kept, at), canonicalNumber(text.slice(at, end)));
        kept = end;
        if (++rewritten % NUMBERS_PER_STAGE === 0) yield;
      }
      at = end;
    } else at++;
  }
  yield;
  return kept === 0 ? text : pieces.join('') + text.slice(kept);
}

/** `#` has but one escaped spelling. */
function beginsWithHash(text: string, at: number): boolean {
  return text.startsWith('#', at) || text.startsWith('\\u0023', at);
}

/** A number too short to have more than 15 digits, without an exponent; most are. */
function isExactAsItIs(text: string, start: number, end: number): boolean {
  if (end - start > EXACT_DIGITS) return false;
  for (let at = start; at < end; at++) if ((text.charCodeAt(at) | 0x20) === LOWER_E) return false;
  return true;
}
