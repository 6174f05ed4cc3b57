import { arrayElements, member, type JsonMember } from '../common/json/json-scanner.js';
import { isObject } from '../common/json/is-object.js';
import type { CountedItem } from '../tokens/message-token-counter.js';

/**
 * The texts whose tokens make the `token_estimate` of an event, in one item per part and then per tool call beside the parts. A
 * `text` or `reasoning` part counts its text. A tool call of OpenAI Chat counts its name and its arguments, or the input of a
 * custom tool. Anything else counts its compact JSON.
 *
 * @param members those of the stored event, with compact JSON texts
 */
export function countedItems(
  parts: readonly Record<string, unknown>[],
  toolCalls: readonly unknown[],
  members: readonly JsonMember[],
): CountedItem[] {
  return [
    ...withJson(parts.map(textOfPart), member(members, 'parts')),
    ...withJson(toolCalls.map(textsOfToolCall), member(members, 'tool_calls')),
  ];
}

/** The JSON of elements in the place of texts that are undefined. */
function withJson(texts: readonly (CountedItem | undefined)[], listJson = '[]'): readonly CountedItem[] {
  // The list is split only if a count needs it: 9 ms for 8 MiB of text.
  if (texts.every((text) => text !== undefined)) return texts;
  const elements = arrayElements(listJson);
  return texts.map((text, index) => text ?? [elements[index] ?? '']);
}

function textOfPart({ type, text }: Record<string, unknown>): CountedItem | undefined {
  return (type === 'text' || type === 'reasoning') && typeof text === 'string' ? [text] : undefined;
}

function textsOfToolCall(call: unknown): CountedItem | undefined {
  if (!isObject(call)) return undefined;
  const { function: called, custom } = call;
  if (isObject(called)) return texts(called.name, called.arguments);
  return isObject(custom) ? texts(custom.name, custom.input) : undefined;
}

function texts(...values: unknown[]): CountedItem | undefined {
  return values.every((value) => typeof value === 'string') ? values : undefined;
}
