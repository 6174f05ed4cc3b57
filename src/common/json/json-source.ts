import { isObject } from './is-object.js';
import { hasEscapedKey, jsonValue } from './json-value.js';
import { arrayElements, objectMembers } from './json-scanner.js';

/*
 * Parsed JSON that remembers how it was written: JSON.parse loses the spelling of numbers and strings, the order of integer-like
 * keys, and duplicate keys.
 */

/** `JSON.rawJSON` and the third argument of a reviver: in V8 since Node.js 21, not yet in TypeScript's library. */
interface SourceJson {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
  ): unknown;
  rawJSON(text: string): object;
  isRawJSON(value: unknown): boolean;
}
const sourceJson = JSON as unknown as SourceJson;

/** The text that an object or array was parsed from, where `JSON.stringify` would write another one. */
const sourceTexts = new WeakMap<object, string>();

/** Whether `JSON.stringify` would write the text as it is, so that nothing of it is lost by parsing. */
export function isPlainJson(text: string): boolean {
  return JSON.stringify(jsonValue(text)) === text;
}

/**
 * Parses a JSON object so that `stringifyWithSource` can write its members, and the elements of its members, exactly as they are
 * spelled in `text`. A number that JavaScript would spell differently, such as `1.0`, becomes an object of `JSON.rawJSON`.
 *
 * @param text compact JSON of an object
 */
export function parseWithSource(text: string): Record<string, unknown> {
  const parsed = jsonValue(text) as Record<string, unknown>;
  if (JSON.stringify(parsed) === text) return parsed;
  // V8 gets escaped keys wrong, with a reviver too: see `jsonValue`.
  const value = hasEscapedKey(text) ? parsed : (sourceJson.parse(text, withSpelling) as typeof parsed);
  // Of duplicate keys, the last one is parsed.
  const members = new Map(objectMembers(text).map((member) => [member.key, member.value]));
  for (const [key, memberText] of members) remember(value[key], memberText);
  return value;
}

/** As `JSON.stringify`; what `parseWithSource` returned is written as it was spelled. */
export function stringifyWithSource(value: unknown): string {
  if (typeof value !== 'object' || value === null || sourceJson.isRawJSON(value))
    return JSON.stringify(value);
  const source = sourceTexts.get(value);
  if (source !== undefined) return source;
  if (Array.isArray(value)) return `[${value.map((each) => stringifyWithSource(each ?? null)).join(',')}]`;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${stringifyWithSource(member)}`).join(',')}}`;
}

function withSpelling(_key: string, value: unknown, { source }: { source?: string }): unknown {
  return typeof value === 'number' && source !== undefined && String(value) !== source
    ? sourceJson.rawJSON(source)
    : value;
}

function remember(value: unknown, text: string): void {
  if (Array.isArray(value)) {
    sourceTexts.set(value, text);
    for (const [index, element] of arrayElements(text).entries())
      if (isObject(value[index])) sourceTexts.set(value[index], element);
  } else if (isObject(value) && !sourceJson.isRawJSON(value)) sourceTexts.set(value, text);
}
