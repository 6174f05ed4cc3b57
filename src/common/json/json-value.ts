import { closes, COLON, decodeString, endOfScalar, endOfString, nextItem, skipSpace } from './json-tokens.js';

/**
 * JSON.parse, except that it gets every key right. V8 12.8 and later take an escaped key for another one that some
 * earlier text of the process had: after `{"h":[],"\\":0}`, `{"h":1,"\"":2}` has the key `\` (nodejs/node#63785). Texts
 * with an escape in a key, which are rare, are therefore read a second time, by ourselves.
 *
 * @param text nested no deeper than recursion may go
 * @throws SyntaxError as JSON.parse; its message quotes the text
 */
export function jsonValue(text: string): unknown {
  const value: unknown = JSON.parse(text);
  return hasEscapedKey(text) ? new JsonReader(text).value() : value;
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

/** Reads text that has passed JSON.parse. */
class JsonReader {
  private at: number;

  constructor(private readonly text: string) {
    this.at = skipSpace(text, 0);
  }

  /** The value at which the reader stands; then it stands behind it. */
  value(): unknown {
    switch (this.text[this.at]) {
      case '{':
        return Object.fromEntries(this.items(() => this.member())); // defines keys, so that __proto__ is one as well
      case '[':
        return this.items(() => this.value());
      case '"':
        return this.string();
      default:
        return this.scalar();
    }
  }

  private items<Item>(read: () => Item): Item[] {
    const items: Item[] = [];
    this.at = skipSpace(this.text, this.at + 1);
    while (!closes(this.text.charCodeAt(this.at))) {
      items.push(read());
      this.at = nextItem(this.text, this.at);
    }
    this.at++;
    return items;
  }

  private member(): [string, unknown] {
    const key = this.string();
    this.at = skipSpace(this.text, skipSpace(this.text, this.at) + 1);
    return [key, this.value()];
  }

  private string(): string {
    const start = this.at;
    this.at = endOfString(this.text, start);
    return decodeString(this.text, start, this.at);
  }

  private scalar(): unknown {
    const start = this.at;
    this.at = endOfScalar(this.text, start);
    return JSON.parse(this.text.slice(start, this.at));
  }
}
