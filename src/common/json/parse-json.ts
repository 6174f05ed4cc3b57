import { isUtf8 } from 'node:buffer';
import { runToCompletion, type CooperativeTask } from '../cooperative-task.js';
import { faultPosition } from './json-fault.js';
import { jsonValueStages } from './json-value.js';
import { closes, endOfString, opens, QUOTE } from './json-tokens.js';

/** Most levels of nesting accepted: PostgreSQL's json parser and JSON.stringify recurse. */
export const MAX_JSON_DEPTH = 200;

/** A body that is no JSON. The message is fit for the client and for a log: it never holds any of the body. */
export class InvalidJsonError extends Error {
  override readonly name = 'InvalidJsonError';
}

interface ParsedJson {
  value: unknown;
  text: string;
}

/**
 * Parses a request body, together with its text, which keeps what parsing loses. A byte order mark in front is left
 * out; `__proto__` is a key like any other. Positions in messages count UTF-16 units of the text from 0.
 *
 * @throws InvalidJsonError the body is empty, not UTF-8, not JSON or nested deeper than `MAX_JSON_DEPTH`
 */
export function parseJson(body: Buffer): ParsedJson {
  return runToCompletion(parseJsonTask(body));
}

/** The same in stages, for a large body. */
export function* parseJsonTask(body: Buffer): CooperativeTask<ParsedJson> {
  if (!isUtf8(body)) throw new InvalidJsonError('the body is not UTF-8');
  const text = body.toString('utf8', hasByteOrderMark(body) ? 3 : 0);
  if (text === '') throw new InvalidJsonError('the body is empty');
  yield;
  const deep = tooDeepAt(text);
  if (deep >= 0)
    throw new InvalidJsonError(`nested deeper than ${MAX_JSON_DEPTH} levels at position ${deep}`);
  yield;
  try {
    return { value: yield* jsonValueStages(text), text };
  } catch {
    yield;
    throw new InvalidJsonError(faultMessage(text)); // V8's own message quotes the body
  }
}

function hasByteOrderMark(body: Buffer): boolean {
  return body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf;
}

/** Index of the first bracket that nests too deep, -1 if there is none. The text may be anything. */
function tooDeepAt(text: string): number {
  if (text.length <= 2 * MAX_JSON_DEPTH) return -1; // every level takes two brackets, if the text is JSON at all
  if (!hasMoreBrackets(text, MAX_JSON_DEPTH)) return -1; // takes a fifth of the time of the walk below
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

/** Whether more than `limit` brackets open in the text, those inside strings included. */
function hasMoreBrackets(text: string, limit: number): boolean {
  let count = 0;
  for (const bracket of ['{', '[']) {
    for (let at = text.indexOf(bracket); at >= 0; at = text.indexOf(bracket, at + 1)) {
      if (++count > limit) return true;
    }
  }
  return false;
}

function faultMessage(text: string): string {
  const position = faultPosition(text);
  if (position === undefined) return 'not valid JSON';
  return position === text.length
    ? 'the text ends too early'
    : `unexpected character at position ${position}`;
}
