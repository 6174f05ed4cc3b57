import { BACKSLASH, closes, COLON, COMMA, isSpace, opens, QUOTE } from './json-tokens.js';

/** Maximum number of values in one body: objects, arrays, strings, numbers and literals, at any depth. */
export const MAX_JSON_VALUES = 250_000;
/**
 * Maximum number of object members. A member costs up to ten times as much as another value: its key is looked up and
 * stored.
 */
export const MAX_JSON_MEMBERS = 50_000;

/**
 * Counts the values and members of a JSON text in UTF-8 as its bytes arrive, in a few ns per byte. The counts predict
 * the cost of parsing and validating before the text is parsed. For bytes that are not JSON the counts are arbitrary.
 */
export class JsonSize {
  private values = 1;
  private members = 0;
  /**
   * The last token was an opening bracket: unless the closing bracket follows, the next token is the first value
   * inside.
   */
  private opened = false;
  private inString = false;
  private escaped = false;

  get isTooLarge(): boolean {
    return this.values > MAX_JSON_VALUES || this.members > MAX_JSON_MEMBERS;
  }

  add(bytes: Uint8Array): void {
    let { values, members, opened, inString, escaped } = this;
    // eslint-disable-next-line @typescript-eslint/prefer-for-of -- for...of takes six times as long for a Buffer
    for (let at = 0; at < bytes.length; at++) {
      const code = bytes[at] ?? 0;
      if (inString) {
        if (escaped) escaped = false;
        else if (code === BACKSLASH) escaped = true;
        else if (code === QUOTE) inString = false;
        continue;
      }
      if (opened && !isSpace(code)) {
        opened = false;
        if (!closes(code)) values++;
      }
      if (code === QUOTE) inString = true;
      else if (code === COMMA) values++;
      else if (code === COLON) members++;
      else if (opens(code)) opened = true;
    }
    Object.assign(this, { values, members, opened, inString, escaped });
  }
}
