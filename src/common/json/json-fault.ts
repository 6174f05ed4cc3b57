import { BACKSLASH, QUOTE } from './json-tokens.js';

const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
const WHITE_SPACE = [0x20, 0x09, 0x0a, 0x0d];
const ESCAPE = /\\(?:["\\/bfnrt]|u[\da-fA-F]{4})/y;

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
    if (code === BACKSLASH) at = endOfMatch(ESCAPE, text, at);
    else if (code >= 0x20) at++;
    else throw new Fault(at); // a control character, or the end
  }
}

function endOfSign(sign: '"' | ':' | ',', text: string, at: number): number {
  if (text[at] !== sign) throw new Fault(at);
  return at + 1;
}

/** Unlike skipSpace for parsed text, this one stops at any other control character. */
function skipWhiteSpace(text: string, at: number): number {
  while (WHITE_SPACE.includes(text.charCodeAt(at))) at++;
  return at;
}

function endOfMatch(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  if (!pattern.test(text)) throw new Fault(at);
  return pattern.lastIndex;
}
