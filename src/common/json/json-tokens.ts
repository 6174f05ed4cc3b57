/**
 * Functions that find where the tokens of a JSON text begin and end. They expect text that has passed JSON.parse and
 * check nothing. Strings, the bulk of most texts, are skipped with indexOf instead of character by character.
 */

export const QUOTE = 0x22; // "
export const COMMA = 0x2c; // ,
export const MINUS = 0x2d; // -
export const COLON = 0x3a; // :
export const BACKSLASH = 0x5c; // \
export const BRACE = 0x7b; // {

/** Characters after an escaped quote that are scanned one by one before indexOf is used again. */
const SCAN_AFTER_ESCAPE = 32;

const SPACE = 0x20;
const ZERO = 0x30;
const NINE = 0x39;

/** `[` or `{`, which differ in one bit in ASCII. */
export function opens(code: number): boolean {
  return (code | 0x20) === 0x7b;
}

/** `]` or `}` */
export function closes(code: number): boolean {
  return (code | 0x20) === 0x7d;
}

export function isDigit(code: number): boolean {
  return code >= ZERO && code <= NINE;
}

/** White space: between the tokens of valid JSON there are no other control characters. */
export function isSpace(code: number): boolean {
  return code <= SPACE;
}

/** Index of the first character at or after `at` that is not white space. */
export function skipSpace(text: string, at: number): number {
  while (isSpace(text.charCodeAt(at))) at++;
  return at;
}

/** Index after the string whose opening quote is at `start`; 0 if an unchecked text ends inside the string. */
export function endOfString(text: string, start: number): number {
  for (let at = start + 1; ;) {
    const quote = text.indexOf('"', at);
    let before = quote - 1;
    while (text.charCodeAt(before) === BACKSLASH) before--;
    if ((quote - before) % 2 === 1) return quote + 1; // an even number of backslashes: not escaped
    // More escapes are probably near: calling indexOf for each of them takes six times as long.
    at = quote + 1;
    for (const end = at + SCAN_AFTER_ESCAPE; at < end; at++) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) return at + 1;
      if (code === BACKSLASH) at++;
    }
  }
}

/** Index after the number or literal that begins at `start`. */
export function endOfScalar(text: string, start: number): number {
  let at = start + 1;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === COMMA || isSpace(code) || closes(code)) break;
  }
  return at;
}

/** Index after the value, of any type, that begins at `start`. */
export function endOfValue(text: string, start: number): number {
  const first = text.charCodeAt(start);
  if (first === QUOTE) return endOfString(text, start);
  if (!opens(first)) return endOfScalar(text, start);
  let at = start + 1;
  for (let depth = 1; depth > 0;) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfString(text, at);
      continue;
    }
    if (opens(code)) depth++;
    else if (closes(code)) depth--;
    at++;
  }
  return at;
}

/** Index of the key or element after the one that ends at `end`, or of the closing bracket. */
export function nextItem(text: string, end: number): number {
  const at = skipSpace(text, end);
  return text.charCodeAt(at) === COMMA ? skipSpace(text, at + 1) : at;
}

/** Value of the string between its opening quote at `start` and `end`, the index after its closing quote. */
export function decodeString(text: string, start: number, end: number): string {
  const inner = text.slice(start + 1, end - 1);
  return inner.includes('\\') ? (JSON.parse(text.slice(start, end)) as string) : inner;
}
