import { firstString, isObject, type MessageEvent, type Part } from '../event.js';
import type { Item, Place } from '../items.js';
import { readFields } from './fields.js';
import { readMedia } from './media.js';
import { isReasoningPart, reasoningText } from './reasoning.js';
import { storedMessageEvent } from './stored-messages.js';
import { readToolCall } from './tool-calls.js';
import { readToolEvent, readToolResult } from './tool-results.js';
import { isUiToolPart, readUiToolPart } from './ui-tool-parts.js';

/**
 * The items of an event, in the order in which a model reads them: those of the parts, then the tool calls that the event
 * has beside its parts. Reads every dialect, and mixtures of dialects. It never throws: what it does not know is `opaque`,
 * or `text` if it has a text.
 */
export function readItems(event: MessageEvent): Item[] {
  const result = readToolEvent(event);
  if (result) return [result];
  const items = withoutRepeatedCalls(
    event.parts.flatMap((part, index) => readPart(part, { field: 'parts', index })),
  );
  return event.role === 'assistant' ? readFields(event, items) : items.flatMap(withoutCall);
}

/** Only a model calls tools: a call in any other message means nothing, and no result belongs to it. */
function withoutCall(item: Item): Item[] {
  const { kind, source, place } = item;
  if (kind === 'call') return [{ kind: 'opaque', source, place }];
  const isOfUiPart = kind === 'result' && isUiToolPart(source);
  return isOfUiPart ? [] : [item];
}

/** Earlier versions of the client's LangChain history stored a call of the content a second time, marked by its `origin`. */
function withoutRepeatedCalls(items: readonly Item[]): Item[] {
  const ids = new Set<string>();
  return items.filter((item) => {
    if (item.kind !== 'call' || item.id === undefined) return true;
    const isRepeated = item.source.origin === 'tool_calls' && ids.has(item.id);
    ids.add(item.id);
    return !isRepeated;
  });
}

function readPart(part: Part, place: Place): Item[] {
  const stored = storedMessageEvent(part);
  if (stored) return readItems(stored).map((item) => ({ ...item, source: part, place }));
  const uiItems = readUiToolPart(part, place);
  if (uiItems) return uiItems;
  const call = readToolCall(part, place);
  if (call) return call;
  const result = readToolResult(part, place);
  if (result) return [result];
  if (isReasoningPart(part)) return [{ kind: 'reasoning', text: reasoningText(part), source: part, place }];
  if (part.type === 'step-start') return [{ kind: 'step', source: part, place }];
  if (part.type === 'message' && Array.isArray(part.content)) return readMessageItem(part, place);
  const media = readMedia(part);
  if (media) return [{ kind: 'media', media, source: part, place }];
  const text = textOf(part);
  if (text !== undefined)
    return [{ kind: 'text', text, isRefusal: part.type === 'refusal', source: part, place }];
  return [{ kind: 'opaque', source: part, place }];
}

/** A `message` item of OpenAI Responses that is stored as a part: its content parts, which all refer to the item. */
function readMessageItem(item: Part, place: Place): Item[] {
  const content = (item.content as unknown[]).filter(isPart);
  const items = content.flatMap((part) => readPart(part, place));
  return items.length
    ? items.map((each) => ({ ...each, source: item }))
    : [{ kind: 'opaque', source: item, place }];
}

/** The text of a part of any type; undefined for a part without text. */
function textOf(part: Part): string | undefined {
  if (part.type === 'refusal') return typeof part.refusal === 'string' ? part.refusal : undefined;
  // A message of OpenAI Responses; a summary that Anthropic has made of earlier messages.
  if ((part.type === 'message' || part.type === 'compaction') && typeof part.content === 'string')
    return part.content;
  if (typeof part.text === 'string') return part.text;
  if (part.type === 'search_result') return firstString(searchResultText(part.content));
  return undefined;
}

function searchResultText(content: unknown): string {
  return Array.isArray(content)
    ? content.map((block) => (isPart(block) ? (textOf(block) ?? '') : '')).join('\n')
    : '';
}

function isPart(value: unknown): value is Part {
  return isObject(value) && typeof value.type === 'string';
}
