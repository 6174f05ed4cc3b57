import { BACKSLASH, QUOTE } from './json-tokens.js';

const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
/**
 * By character code: 1 for each of `"\\/bfnrt`, which may follow a backslash. `u` and four digits are checked
 * separately.
 */
const IS_ESCAPE = Uint8Array.from({ length: 128 }, (_, code) =>
  Number('"\\/bfnrt'.includes(String.fromCharCode(code))),
);
const LOWER_U = 0x75;
const HEX_DIGITS = /^[\da-fA-F]{4}$/;

class JsonSyntaxError extends Error {
  constructor(readonly position: number) {
    super();
  }
}

/**
 * Index of the first character that makes the text invalid JSON, `text.length` if the text is incomplete; undefined
 * if it is valid. Needed because V8's messages name a position only for some errors, and quote the text for the
 * others. Recursive: the caller bounds the nesting.
 */
export function syntaxErrorPosition(text: string): number | undefined {
  try {
    const end = skipWhiteSpace(text, endOfValue(text, skipWhiteSpace(text, 0)));
    return end < text.length ? end : undefined;
  } catch (error) {
    if (error instanceof JsonSyntaxError) return error.position;
    throw error;
  }
}

// Each function below checks what begins at an index and returns the index after it. @throws JsonSyntaxError

function endOfValue(text: string, start: number): number {
  const open = text[start];
  if (open === '"') return endOfString(text, start);
  if (open !== '{' && open !== '[') return endOfScalar(text, start);

  const close = open === '{' ? '}' : ']';
  let at = skipWhiteSpace(text, start + 1);
  if (text[at] === close) return at + 1;
  for (;;) {
    if (open === '{') {
      at = skipWhiteSpace(text, endOfString(text, at));
      at = skipWhiteSpace(text, endOfToken(':', text, at));
    }
    at = skipWhiteSpace(text, endOfValue(text, at));
    if (text[at] === close) return at + 1;
    at = skipWhiteSpace(text, endOfToken(',', text, at));
  }
}

function endOfString(text: string, start: number): number {
  let at = endOfToken('"', text, start);
  for (;;) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at + 1;
    if (code === BACKSLASH) at = endOfEscape(text, at);
    else if (code >= 0x20) at++;
    else throw new JsonSyntaxError(at); // a control character, or the end of the text
  }
}

function endOfEscape(text: string, at: number): number {
  const code = text.charCodeAt(at + 1);
  if (IS_ESCAPE[code] === 1) return at + 2;
  if (code === LOWER_U && HEX_DIGITS.test(text.slice(at + 2, at + 6))) return at + 6;
  throw new JsonSyntaxError(at);
}

function endOfScalar(text: string, at: number): number {
  SCALAR.lastIndex = at;
  if (!SCALAR.test(text)) throw new JsonSyntaxError(at);
  return SCALAR.lastIndex;
}

function endOfToken(token: '"' | ':' | ',', text: string, at: number): number {
  if (text[at] !== token) throw new JsonSyntaxError(at);
  return at + 1;
}

/** Unlike `skipSpace`, which expects valid text, this function stops at other control characters. */
function skipWhiteSpace(text: string, at: number): number {
  for (; ; at++) {
    const code = text.charCodeAt(at);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return at;
  }
}
