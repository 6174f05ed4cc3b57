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
 * JSON.parse with a workaround for a bug of V8 13.6 and 14.6 (Node.js 24 and 26), which may return an escaped key of an
 * earlier text: after `{"h":[],"\\":0}`, the second key of `{"h":1,"\"":2}` is `\` (nodejs/node#63785). Texts with an
 * escape in a key, which are rare, are therefore parsed a second time, without V8.
 *
 * @param text its nesting must not exceed the call stack; `parseJsonTask` checks text from outside
 * @throws SyntaxError as JSON.parse does; the message quotes the text
 */
export function jsonValue(text: string): unknown {
  const value: unknown = JSON.parse(text);
  return hasEscapedKey(text) ? runToCompletion(new JsonReader(text).value()) : value;
}

/** The same in steps, for large texts. */
export function* jsonValueTask(text: string): CooperativeTask<unknown> {
  const value: unknown = JSON.parse(text);
  yield;
  if (!hasEscapedKey(text)) return value;
  yield;
  return yield* new JsonReader(text).value();
}

/** Whether a string that contains a backslash is followed by a colon. */
export function hasEscapedKey(text: string): boolean {
  let escape = text.indexOf('\\');
  while (escape >= 0) {
    const end = endOfString(text, escape);
    if (text.charCodeAt(skipSpace(text, end)) === COLON) return true;
    escape = text.indexOf('\\', end);
  }
  return false;
}

/** Object members per step of `JsonReader`: they take 5 ms, or 10 ms if their keys are long. */
const MEMBERS_PER_STEP = 4000;

/** Parses text that has passed JSON.parse. `at` is the index of the next character. */
class JsonReader {
  private at: number;
  private members = 0;

  constructor(private readonly text: string) {
    this.at = skipSpace(text, 0);
  }

  /** Reads the value at `at`. */
  *value(): CooperativeTask<unknown> {
    const first = this.text.charCodeAt(this.at);
    if (!opens(first)) return this.leaf();
    return first === BRACE ? yield* this.object() : yield* this.array();
  }

  private *object(): CooperativeTask<object> {
    const object: Record<string, unknown> = {};
    this.at = skipSpace(this.text, this.at + 1);
    while (!closes(this.text.charCodeAt(this.at))) {
      if (++this.members % MEMBERS_PER_STEP === 0) yield;
      const key = this.string();
      this.at = skipSpace(this.text, skipSpace(this.text, this.at) + 1);
      const value = this.isAtLeaf() ? this.leaf() : yield* this.value();
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
      array.push(this.isAtLeaf() ? this.leaf() : yield* this.value());
      this.at = nextItem(this.text, this.at);
    }
    this.at++;
    return array;
  }

  private isAtLeaf(): boolean {
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
