import { isUtf8 } from 'node:buffer';
import type { CooperativeTask } from '../cooperative-task.js';
import { syntaxErrorPosition } from './json-syntax.js';
import { closes, endOfString, opens, QUOTE } from './json-tokens.js';
import { jsonValue, jsonValueTask } from './json-value.js';

/** Maximum nesting: PostgreSQL's JSON parser and JSON.stringify are recursive. */
export const MAX_JSON_DEPTH = 200;

/**
 * The body is not valid JSON. The message may be sent to the client and logged: it never contains a part of the body.
 */
export class InvalidJsonError extends Error {
  override readonly name = 'InvalidJsonError';
}

interface ParsedJson {
  value: unknown;
  text: string;
}

/**
 * Parses a request body and returns it with its text, which preserves what parsing loses. A leading byte order mark is
 * dropped; `__proto__` is an ordinary key. Positions in messages are UTF-16 units of the text, from 0.
 *
 * @throws InvalidJsonError the body is empty, not UTF-8, not JSON or nested deeper than `MAX_JSON_DEPTH`
 */
export function parseJson(body: Buffer): ParsedJson {
  const text = decode(body);
  rejectExcessNesting(text);
  try {
    return { value: jsonValue(text), text };
  } catch {
    throw new InvalidJsonError(syntaxErrorMessage(text)); // V8's own message quotes the body
  }
}

/** The same in steps, for large bodies. */
export function* parseJsonTask(body: Buffer): CooperativeTask<ParsedJson> {
  const text = decode(body);
  yield;
  rejectExcessNesting(text);
  yield;
  try {
    return { value: yield* jsonValueTask(text), text };
  } catch {
    yield;
    throw new InvalidJsonError(syntaxErrorMessage(text));
  }
}

function decode(body: Buffer): string {
  if (!isUtf8(body)) throw new InvalidJsonError('the body is not UTF-8');
  const text = body.toString('utf8', hasByteOrderMark(body) ? 3 : 0);
  if (text === '') throw new InvalidJsonError('the body is empty');
  return text;
}

function hasByteOrderMark(body: Buffer): boolean {
  return body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf;
}

function rejectExcessNesting(text: string): void {
  const excessBracket = findExcessBracket(text);
  if (excessBracket >= 0)
    throw new InvalidJsonError(`nested deeper than ${MAX_JSON_DEPTH} levels at position ${excessBracket}`);
}

/** Index of the first bracket beyond `MAX_JSON_DEPTH`, -1 if no bracket is that deep. The text may be invalid JSON. */
function findExcessBracket(text: string): number {
  if (text.length <= 2 * MAX_JSON_DEPTH) return -1; // in valid JSON every level has two brackets
  if (!hasMoreBrackets(text, MAX_JSON_DEPTH)) return -1; // five times faster than the loop below
  let depth = 0;
  for (let at = 0; at < text.length;) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfString(text, at);
      if (at === 0) return -1; // unterminated
      continue;
    }
    if (opens(code) && ++depth > MAX_JSON_DEPTH) return at;
    if (closes(code)) depth--;
    at++;
  }
  return -1;
}

/** Whether the text has more than `limit` opening brackets, including those inside strings. */
function hasMoreBrackets(text: string, limit: number): boolean {
  let count = 0;
  for (const bracket of ['{', '[']) {
    for (let at = text.indexOf(bracket); at >= 0; at = text.indexOf(bracket, at + 1)) {
      if (++count > limit) return true;
    }
  }
  return false;
}

function syntaxErrorMessage(text: string): string {
  const position = syntaxErrorPosition(text);
  if (position === undefined) return 'not valid JSON';
  return position === text.length ? 'the text is incomplete' : `unexpected character at position ${position}`;
}
