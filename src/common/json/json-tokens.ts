/**
 * Where the tokens of a JSON text begin and end. The text has passed JSON.parse, so nothing is checked again; strings,
 * the bulk of most texts, are crossed by indexOf instead of character by character.
 */

export const QUOTE = 0x22; // "
export const COMMA = 0x2c; // ,
export const MINUS = 0x2d; // -
export const COLON = 0x3a; // :
export const BACKSLASH = 0x5c; // \
export const BRACE = 0x7b; // {

/** Characters after an escape within which the next one is looked for one by one. */
const ESCAPE_SPACING = 32;

const SPACE = 0x20;
const ZERO = 0x30;
const NINE = 0x39;

/** `[` or `{`: in ASCII they differ in one bit only. */
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

/** White space, given that no other control character stands between tokens. */
export function isSpace(code: number): boolean {
  return code <= SPACE;
}

/** Index of the first character at or after `at` that is no white space. */
export function skipSpace(text: string, at: number): number {
  while (isSpace(text.charCodeAt(at))) at++;
  return at;
}

/**
 * Index after the string whose opening quote is at `start`; 0 if the string has no end, which only happens in text that
 * has not passed JSON.parse.
 */
export function endOfString(text: string, start: number): number {
  for (let at = start + 1; ;) {
    const quote = text.indexOf('"', at);
    let before = quote - 1;
    while (text.charCodeAt(before) === BACKSLASH) before--;
    if ((quote - before) % 2 === 1) return quote + 1; // after an even number of backslashes it is not escaped
    // More escapes are likely close by: to call indexOf for each takes six times as long.
    at = quote + 1;
    for (const end = at + ESCAPE_SPACING; at < end; at++) {
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

/** Index after the value that begins at `start`, whatever it is. */
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

/** Value of the string from its opening quote at `start` to the index after its closing quote. */
export function decodeString(text: string, start: number, end: number): string {
  const inner = text.slice(start + 1, end - 1);
  return inner.includes('\\') ? (JSON.parse(text.slice(start, end)) as string) : inner;
}
