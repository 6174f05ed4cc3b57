import { firstString, isObject, type MessageEvent, type Part } from './event.js';
import type { Item, Media, MediaData, TextItem, ToolCallItem, ToolOutput } from './items.js';
import { encryptedChars, hasOpaqueField, readableJson } from './opaque-fields.js';
import { readMedia } from './read/media.js';
import { isTextBlock } from './read/tool-outputs.js';
import { callId } from './read/tool-calls.js';

/*
 * What of an event goes to the model, whatever its dialect. How many tokens that is depends on the model and is decided
 * elsewhere.
 *
 * Nothing counts of what a model does not read: ids, metadata and provider options, the boundaries of steps, approvals of tool
 * calls and the responses to them, the sources that the AI SDK shows beside an answer, a call whose input is still streamed, and
 * a call in `tool_calls` that a part repeats.
 */

/** What counts of one part, of one tool call, or of the fields beside them. */
export interface CountedContent {
  readonly texts: readonly string[];
  readonly media: readonly CountedMedia[];
  /** Characters of encrypted data that only the provider can read, such as `encrypted_content`. Signatures count nothing. */
  readonly opaqueChars: number;
  /** Whether the compact JSON of the part or call counts as a text too, because its type is unknown. */
  readonly isJson: boolean;
}

/** An image, a file, audio or video. */
export interface CountedMedia {
  readonly mediaType: string;
  /** Never text: the text of a document is among `texts`. */
  readonly data: Exclude<MediaData, { type: 'text' }>;
  readonly filename?: string;
  /** Of an image, as the caller wrote it for OpenAI: `low`, `high`, `auto` or another. */
  readonly detail?: string;
  /** Pixels, if the part states them. */
  readonly width?: number;
  readonly height?: number;
}

export interface CountedEvent {
  /** One per part. */
  readonly parts: readonly CountedContent[];
  /** One per element of `tool_calls`. */
  readonly toolCalls: readonly CountedContent[];
  /** The other fields of a message of the model: `refusal`, `function_call`, `audio`, `reasoning_content`. */
  readonly otherFields: CountedContent;
  /** `name` of the message. */
  readonly name: string | undefined;
}

interface MutableContent {
  texts: string[];
  media: CountedMedia[];
  opaqueChars: number;
  isJson: boolean;
}

const NOTHING: CountedContent = { texts: [], media: [], opaqueChars: 0, isJson: false };

/** Parts of the AI SDK that no converter sends to a model. */
const UNREAD_TYPES = new Set([
  ...['step-start', 'source-url', 'source-document', 'tool-approval-request', 'tool-approval-response'],
]);

/** Parts whose text is all that a model reads of them; the last seven are stored messages of LangChain. */
const TEXT_TYPES = new Set([
  ...['text', 'input_text', 'output_text', 'summary_text', 'refusal', 'message', 'compaction'],
  ...['search_result', 'text-plain'],
  ...['human', 'ai', 'system', 'developer', 'tool', 'function', 'generic'],
]);

/** @param items those of the event, as `readItems` returns them */
export function countedEvent(event: MessageEvent, items: readonly Item[]): CountedEvent {
  const { parts, tool_calls: toolCalls, role } = event;
  const name = firstString(event.name);
  const calls: readonly unknown[] = Array.isArray(toolCalls) ? toolCalls : [];
  if (calls.length === 0 && event.audio === undefined && isTextOnly(parts, items))
    return { parts: items.map(({ text }) => textContent(text)), toolCalls: [], otherFields: NOTHING, name };
  // A message of OpenAI Chat with the role `tool` is one result: its parts are content of the output.
  if (items[0]?.place.field === 'event') {
    return {
      parts: parts.map(contentOfBlock),
      toolCalls: calls.map(contentOfJson),
      otherFields: NOTHING,
      name,
    };
  }
  const found = byPlace(items);
  const repeated = calls.length > 0 ? idsOfParts(items) : undefined;
  const otherFields = emptyContent();
  for (const item of found.others) addItem(otherFields, item);
  if (role === 'assistant') addUnreadAudio(otherFields, event.audio);
  return {
    parts: parts.map((part, index) => contentOfPart(part, found.parts[index])),
    toolCalls: calls.map((call, index) => {
      const ofCall = found.toolCalls[index];
      if (ofCall) return contentOfItems(ofCall);
      const id = isObject(call) ? callId(call) : undefined;
      return id !== undefined && repeated?.has(id) ? NOTHING : contentOfJson(call);
    }),
    otherFields,
    name,
  };
}

/** Most events: this path keeps appends fast. */
function isTextOnly(parts: readonly Part[], items: readonly Item[]): items is readonly TextItem[] {
  if (items.length !== parts.length) return false;
  for (const [index, { kind, place }] of items.entries())
    if (kind !== 'text' || place.field !== 'parts' || place.index !== index) return false;
  return parts.every(({ type }) => TEXT_TYPES.has(type));
}

interface ItemsByPlace {
  /** By the index of the part. */
  parts: (Item[] | undefined)[];
  /** By the index of the call. */
  toolCalls: (Item[] | undefined)[];
  others: Item[];
}

function byPlace(items: readonly Item[]): ItemsByPlace {
  const found: ItemsByPlace = { parts: [], toolCalls: [], others: [] };
  for (const item of items) {
    const { field, index } = item.place;
    if (field === 'parts') (found.parts[index] ??= []).push(item);
    else if (field === 'tool_calls') (found.toolCalls[index] ??= []).push(item);
    else found.others.push(item);
  }
  return found;
}

function emptyContent(): MutableContent {
  return { texts: [], media: [], opaqueChars: 0, isJson: false };
}

function textContent(text: string): CountedContent {
  return { texts: [text], media: NOTHING.media, opaqueChars: 0, isJson: false };
}

/** @param items undefined if the part repeats a call, or answers a call that no model made */
function contentOfPart(part: Part, items: readonly Item[] | undefined): CountedContent {
  if (!items || isUnread(part)) return NOTHING;
  const content = contentOfItems(items);
  if (items.some(isUnknown)) addJson(content, part);
  if (items[0]?.kind === 'reasoning' || part.type === 'compaction')
    content.opaqueChars += encryptedReasoning(part);
  return content;
}

/** Characters of reasoning, and of OpenAI's compaction items, that only the provider can read. */
function encryptedReasoning(part: Part): number {
  const redacted = part.type === 'redacted_thinking' && typeof part.data === 'string' ? part.data.length : 0;
  return redacted + encryptedChars(part);
}

function contentOfBlock(part: Part): CountedContent {
  if (isTextBlock(part)) return textContent(part.text);
  const content = emptyContent();
  const media = readMedia(part);
  if (media) addMedia(content, media, part);
  else addJson(content, part);
  return content;
}

function contentOfItems(items: readonly Item[]): MutableContent {
  const content = emptyContent();
  for (const item of items) addItem(content, item);
  return content;
}

function contentOfJson(value: unknown): CountedContent {
  const content = emptyContent();
  addJson(content, value);
  return content;
}

/** Ids of the calls that are parts: LangChain repeats these calls in `tool_calls`. */
function idsOfParts(items: readonly Item[]): ReadonlySet<string | undefined> {
  return new Set(
    items.flatMap((item) => (item.kind === 'call' && item.place.field === 'parts' ? [item.id] : [])),
  );
}

/** Whether an item is of a part of unknown type. Of a compaction item of OpenAI, only the encrypted content is read. */
function isUnknown({ kind, place, source }: Item): boolean {
  if (kind === 'opaque') return source.type !== 'compaction';
  return kind === 'text' && place.field === 'parts' && !TEXT_TYPES.has(String(source.type));
}

/** Adds nothing of an unknown part: its JSON counts as a whole. */
function addItem(content: MutableContent, item: Item): void {
  switch (item.kind) {
    case 'text':
      if (!isUnknown(item)) content.texts.push(item.text);
      return;
    case 'reasoning':
      if (item.text !== '') content.texts.push(item.text);
      else addReasoningFile(content, item.source);
      return;
    case 'media':
      addMedia(content, item.media, item.source);
      return;
    case 'call':
      content.texts.push(item.name, writtenArguments(item));
      return;
    case 'result':
      addOutput(content, item.output);
      return;
    case 'opaque':
    case 'step':
  }
}

/** `reasoning-file` of AI SDK 7. */
function addReasoningFile(content: MutableContent, source: Readonly<Record<string, unknown>>): void {
  const media = source.type === 'reasoning-file' ? readMedia({ ...source, type: 'file' }) : undefined;
  if (media) addMedia(content, media, source);
}

/** What the model said, of an answer that has no transcript. */
function addUnreadAudio(content: MutableContent, audio: unknown): void {
  if (!isObject(audio) || typeof audio.transcript === 'string') return;
  const media = readMedia({ type: 'audio', audio: { ...audio, file_id: audio.id } });
  if (media) addMedia(content, media, audio);
}

/** The arguments as the model wrote them, or as JSON if they are stored as a value. */
function writtenArguments({ input, source }: ToolCallItem): string {
  const { function: called, custom } = source;
  const inner = isObject(called) ? called : isObject(custom) ? custom : source;
  const written = [inner.arguments, inner.input, inner.args].find((each) => typeof each === 'string');
  if (written !== undefined) return written;
  return typeof input === 'string' ? input : JSON.stringify(input ?? {});
}

function addOutput(content: MutableContent, output: ToolOutput): void {
  if (output.type === 'text') content.texts.push(output.text);
  else if (output.type === 'json') {
    content.texts.push(readableJson(output.value ?? null));
    content.opaqueChars += encryptedChars(output.value);
  } else
    for (const each of output.content)
      if (each.type === 'text') content.texts.push(each.text);
      else addMedia(content, each.media, each.source);
}

function addMedia(content: MutableContent, media: Media, source: Readonly<Record<string, unknown>>): void {
  const { mediaType, data, filename } = media;
  if (data.type === 'text') content.texts.push(data.text);
  else {
    const detail = detailOf(source);
    const size = dimensionsOf(source);
    content.media.push({
      mediaType,
      data,
      ...(filename !== undefined && { filename }),
      ...(detail !== undefined && { detail }),
      ...size,
    });
  }
}

/** `detail` of OpenAI's dialects; the AI SDK has it among its provider options. */
function detailOf(source: Readonly<Record<string, unknown>>): string | undefined {
  const { image_url: imageUrl, detail, providerOptions, providerMetadata } = source;
  const options = [providerOptions, providerMetadata].find(isObject)?.openai;
  return firstString(
    isObject(imageUrl) ? imageUrl.detail : undefined,
    detail,
    isObject(options) ? options.imageDetail : undefined,
  );
}

function dimensionsOf(source: Readonly<Record<string, unknown>>): { width?: number; height?: number } {
  const { width, height } = source;
  const isSize = typeof width === 'number' && typeof height === 'number' && width > 0 && height > 0;
  return isSize ? { width, height } : {};
}

/** The JSON of a part or call of unknown type, without what is no text for a model. */
function addJson(content: MutableContent, value: unknown): void {
  if (isObject(value) && isUnread(value)) return;
  if (!hasOpaqueField(value)) content.isJson = true;
  else {
    content.texts.push(readableJson(value));
    content.opaqueChars += encryptedChars(value);
  }
}

function isUnread({ type, state }: Readonly<Record<string, unknown>>): boolean {
  return state === 'input-streaming' || (typeof type === 'string' && UNREAD_TYPES.has(type));
}
