import {
  closes,
  decodeString,
  endOfString,
  endOfValue,
  isSpace,
  nextItem,
  QUOTE,
  skipSpace,
} from './json-tokens.js';

// Splits and joins JSON texts without parsing them, to preserve what JSON.parse loses: the order of integer-like keys,
// duplicate keys, the spelling of numbers and strings. All texts must be valid JSON.

/** One member of a JSON object. */
export interface JsonMember {
  /** Decoded: the key of `"\u0072ole"` is `role`. */
  key: string;
  /** JSON text of the value, without surrounding white space. */
  value: string;
}

/**
 * Members of a JSON object in source order, duplicates included.
 *
 * @throws TypeError the text is not an object
 */
export function objectMembers(text: string): JsonMember[] {
  const members: JsonMember[] = [];
  for (let at = firstItem(text, '{'); !closes(text.charCodeAt(at));) {
    const keyEnd = endOfString(text, at);
    const key = decodeString(text, at, keyEnd);
    const start = skipSpace(text, skipSpace(text, keyEnd) + 1); // skips the colon
    const end = endOfValue(text, start);
    members.push({ key, value: text.slice(start, end) });
    at = nextItem(text, end);
  }
  return members;
}

/** JSON text of the key's value: of duplicate keys the last one, as in JSON.parse; undefined if the key is missing. */
export function member(members: readonly JsonMember[], key: string): string | undefined {
  return members.findLast((candidate) => candidate.key === key)?.value;
}

/** JSON object with these members: `{"key":value,…}`. Keys are encoded, values are copied. */
export function objectText(members: readonly JsonMember[]): string {
  return `{${members.map(({ key, value }) => `${JSON.stringify(key)}:${value}`).join(',')}}`;
}

/**
 * JSON texts of the elements of a JSON array, without surrounding white space.
 *
 * @throws TypeError the text is not an array
 */
export function arrayElements(text: string): string[] {
  const elements: string[] = [];
  for (let at = firstItem(text, '['); !closes(text.charCodeAt(at));) {
    const end = endOfValue(text, at);
    elements.push(text.slice(at, end));
    at = nextItem(text, end);
  }
  return elements;
}

/** Removes the white space between tokens; returns the same string if it has no such white space. */
export function compactJson(text: string): string {
  let compact = '';
  let copiedTo = 0;
  for (let at = 0; at < text.length;) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at);
    else if (isSpace(code)) {
      compact += text.slice(copiedTo, at);
      copiedTo = at = skipSpace(text, at);
    } else at++;
  }
  return copiedTo === 0 ? text : compact + text.slice(copiedTo);
}

/** Index of the first key or element, or of the closing bracket. */
function firstItem(text: string, bracket: '{' | '['): number {
  const at = skipSpace(text, 0);
  if (text[at] !== bracket) throw new TypeError(`JSON text does not begin with ${bracket}`);
  return skipSpace(text, at + 1);
}
