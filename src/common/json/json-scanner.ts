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

// Takes JSON texts apart and puts them together without parsing them, so that what JSON.parse loses stays: the order of
// integer-like keys, duplicate keys, the spelling of numbers and strings. Every text given has passed `parseJson`.

/** One member of a JSON object, as its text has it. */
export interface JsonMember {
  /** Decoded: `"\u0072ole"` is the key `role`. */
  key: string;
  /** Source of the value, without white space around it. */
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
    const start = skipSpace(text, skipSpace(text, keyEnd) + 1); // the one character between is the colon
    const end = endOfValue(text, start);
    members.push({ key, value: text.slice(start, end) });
    at = nextItem(text, end);
  }
  return members;
}

/** Source of the value JSON.parse would give this key: of duplicates the last one's; undefined if there is none. */
export function member(members: readonly JsonMember[], key: string): string | undefined {
  return members.findLast((candidate) => candidate.key === key)?.value;
}

/** Object of these members: `{"key":value,…}`. Keys are escaped anew, values stand as they are. */
export function objectText(members: readonly JsonMember[]): string {
  return `{${members.map(({ key, value }) => `${JSON.stringify(key)}:${value}`).join(',')}}`;
}

/**
 * Sources of the elements of a JSON array, without white space around them.
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

/** Removes the white space between tokens and changes nothing else; the very same string if there is none. */
export function compactJson(text: string): string {
  let compact = '';
  let kept = 0;
  for (let at = 0; at < text.length;) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at);
    else if (isSpace(code)) {
      compact += text.slice(kept, at);
      kept = at = skipSpace(text, at);
    } else at++;
  }
  return kept === 0 ? text : compact + text.slice(kept);
}

/** Index of the first key or element, or of the closing bracket. */
function firstItem(text: string, bracket: '{' | '['): number {
  const at = skipSpace(text, 0);
  if (text[at] !== bracket) throw new TypeError(`JSON text does not begin with ${bracket}`);
  return skipSpace(text, at + 1);
}
