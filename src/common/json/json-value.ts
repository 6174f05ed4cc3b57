import { runToCompletion, type CooperativeTask } from '../cooperative-task.js';
import {
  BRACE,
  closes,
  COLON,
  decodeString,
  endOfScalar,
  endOfString,
  nextItem,
  opens,
  QUOTE,
  skipSpace,
} from './json-tokens.js';

/**
 * JSON.parse, except that it gets every key right. V8 13.6 and 14.6 (Node 24, 26) may take an escaped key for another
 * one that an earlier text of the process had: after `{"h":[],"\\":0}` the second key of `{"h":1,"\"":2}` is `\`
 * (nodejs/node#63785). Texts with an escape in a key, which are rare, are therefore read again without V8.
 *
 * @param text nested no deeper than recursion may go: `parseJson` takes what comes from outside
 * @throws SyntaxError as JSON.parse does; its message quotes the text
 */
export function jsonValue(text: string): unknown {
  return runToCompletion(jsonValueStages(text));
}

/** The same in stages, for a large text. */
export function* jsonValueStages(text: string): CooperativeTask<unknown> {
  const value: unknown = JSON.parse(text);
  yield;
  if (!hasEscapedKey(text)) return value;
  yield;
  return yield* new JsonReader(text).value();
}

/** Looks only at strings that have a backslash: is a colon behind them? */
function hasEscapedKey(text: string): boolean {
  let escape = text.indexOf('\\');
  while (escape >= 0) {
    const end = endOfString(text, escape);
    if (text.charCodeAt(skipSpace(text, end)) === COLON) return true;
    escape = text.indexOf('\\', end);
  }
  return false;
}

/** Members after which a reader pauses: 5 ms, or 10 if their names are long. */
const MEMBERS_PER_STAGE = 4000;

/** Reads text that has passed JSON.parse. */
class JsonReader {
  private at: number;
  private members = 0;

  constructor(private readonly text: string) {
    this.at = skipSpace(text, 0);
  }

  /** The value at which the reader stands; then it stands behind it. */
  *value(): CooperativeTask<unknown> {
    const first = this.text.charCodeAt(this.at);
    if (!opens(first)) return this.leaf();
    return first === BRACE ? yield* this.object() : yield* this.array();
  }

  private *object(): CooperativeTask<object> {
    const object: Record<string, unknown> = {};
    this.at = skipSpace(this.text, this.at + 1);
    while (!closes(this.text.charCodeAt(this.at))) {
      if (++this.members % MEMBERS_PER_STAGE === 0) yield;
      const key = this.string();
      this.at = skipSpace(this.text, skipSpace(this.text, this.at) + 1);
      const value = this.standsAtLeaf() ? this.leaf() : yield* this.value();
      if (key !== '__proto__') object[key] = value;
      else
        Object.defineProperty(object, key, { value, configurable: true, enumerable: true, writable: true });
      this.at = nextItem(this.text, this.at);
    }
    this.at++;
    return object;
  }

  private *array(): CooperativeTask<unknown[]> {
    const array: unknown[] = [];
    this.at = skipSpace(this.text, this.at + 1);
    while (!closes(this.text.charCodeAt(this.at))) {
      array.push(this.standsAtLeaf() ? this.leaf() : yield* this.value());
      this.at = nextItem(this.text, this.at);
    }
    this.at++;
    return array;
  }

  private standsAtLeaf(): boolean {
    return !opens(this.text.charCodeAt(this.at));
  }

  private leaf(): unknown {
    return this.text.charCodeAt(this.at) === QUOTE ? this.string() : this.scalar();
  }

  private string(): string {
    const start = this.at;
    this.at = endOfString(this.text, start);
    return decodeString(this.text, start, this.at);
  }

  private scalar(): unknown {
    const start = this.at;
    this.at = endOfScalar(this.text, start);
    const source = this.text.slice(start, this.at);
    if (source === 'null') return null;
    if (source === 'true') return true;
    return source === 'false' ? false : Number(source);
  }
}
