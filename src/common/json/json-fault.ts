import { BACKSLASH, QUOTE } from './json-tokens.js';

const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
/** What may follow a backslash, beside a `u` and four digits: by code, 1 for each of `"\\/bfnrt`. */
const ESCAPED = Uint8Array.from({ length: 128 }, (_, code) =>
  Number('"\\/bfnrt'.includes(String.fromCharCode(code))),
);
const LOWER_U = 0x75;
const HEX_DIGITS = /^[\da-fA-F]{4}$/;

class Fault extends Error {
  constructor(readonly position: number) {
    super();
  }
}

/**
 * Index of the first character at which the text stops being JSON, `text.length` if it only ends too early; undefined
 * if it is JSON. V8 names a position for some errors only, and quotes the text for the others. Recursive: the caller
 * bounds the depth.
 */
export function faultPosition(text: string): number | undefined {
  try {
    const end = skipWhiteSpace(text, endOfChecked(text, skipWhiteSpace(text, 0)));
    return end < text.length ? end : undefined;
  } catch (fault) {
    if (fault instanceof Fault) return fault.position;
    throw fault;
  }
}

/** Index after the value at `start`. */
function endOfChecked(text: string, start: number): number {
  const open = text[start];
  if (open === '"') return endOfCheckedString(text, start);
  if (open !== '{' && open !== '[') return endOfMatch(SCALAR, text, start);

  const close = open === '{' ? '}' : ']';
  let at = skipWhiteSpace(text, start + 1);
  if (text[at] === close) return at + 1;
  for (;;) {
    if (open === '{') {
      at = skipWhiteSpace(text, endOfCheckedString(text, at));
      at = skipWhiteSpace(text, endOfSign(':', text, at));
    }
    at = skipWhiteSpace(text, endOfChecked(text, at));
    if (text[at] === close) return at + 1;
    at = skipWhiteSpace(text, endOfSign(',', text, at));
  }
}

function endOfCheckedString(text: string, start: number): number {
  let at = endOfSign('"', text, start);
  for (;;) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at + 1;
    if (code === BACKSLASH) at = endOfEscape(text, at);
    else if (code >= 0x20) at++;
    else throw new Fault(at); // a control character, or the end
  }
}

function endOfEscape(text: string, at: number): number {
  const code = text.charCodeAt(at + 1);
  if (ESCAPED[code] === 1) return at + 2;
  if (code === LOWER_U && HEX_DIGITS.test(text.slice(at + 2, at + 6))) return at + 6;
  throw new Fault(at);
}

function endOfSign(sign: '"' | ':' | ',', text: string, at: number): number {
  if (text[at] !== sign) throw new Fault(at);
  return at + 1;
}

/** Unlike skipSpace for parsed text, this one stops at any other control character. */
function skipWhiteSpace(text: string, at: number): number {
  for (; ; at++) {
    const code = text.charCodeAt(at);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return at;
  }
}

function endOfMatch(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  if (!pattern.test(text)) throw new Fault(at);
  return pattern.lastIndex;
}
