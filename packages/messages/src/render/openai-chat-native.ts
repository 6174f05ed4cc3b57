import { isObject, type MessageEvent, type Role } from '../event.js';
import type { Item, Media, MediaItem } from '../items.js';
import type { ArrangedMessage } from './arrange.js';
import { exactMediaType, isImageOfModels } from './media.js';
import { hasOnlyKeys, isBlock } from './native.js';
import { isLegalToolName } from './tool-names.js';

type Fields = Record<string, unknown>;

/**
 * The fields of a message of OpenAI Chat beside its content, by role. OpenAI rejects others. They are the caller's own, or of
 * another provider, such as `reasoning_content`.
 */
const MESSAGE_FIELDS: Readonly<Record<Role, ReadonlySet<string>>> = {
  system: new Set(['role', 'name']),
  developer: new Set(['role', 'name']),
  user: new Set(['role', 'name']),
  assistant: new Set(['role', 'name', 'tool_calls', 'refusal', 'annotations']),
  tool: new Set(['role', 'tool_call_id']),
};

/** Source: error text of OpenAI, "Expected a string that matches the pattern". */
const LEGAL_NAME = /^[a-zA-Z0-9_-]{1,64}$/;

/**
 * The message as it was sent, if it is whole and nothing in it has to be converted: with its fields in their order, and its
 * content as a string, null or a list, or without content. Otherwise undefined.
 *
 * @param idOf the id that a call or a result has in the prompt
 */
export function nativeChatMessage(
  message: ArrangedMessage,
  idOf: (item: Item) => string | undefined,
): Fields | undefined {
  const { event, items, isWhole, summary } = message;
  const isNative =
    isWhole &&
    !summary &&
    hasNativeFields(message) &&
    items.every((item) => isNativeItem(item, message, idOf));
  if (!isNative) return undefined;
  const fields = Object.entries(event).flatMap(([key, value]): [string, unknown][] => {
    if (key === 'parts') return contentField(message);
    return MESSAGE_FIELDS[event.role].has(key) && isAccepted(key, value) ? [[key, value]] : [];
  });
  return Object.fromEntries(fields);
}

/** Whether OpenAI accepts the value of a field. SDKs write null for some fields where the API accepts only their absence. */
function isAccepted(key: string, value: unknown): boolean {
  switch (key) {
    case 'tool_calls':
      return Array.isArray(value) && value.length > 0;
    case 'annotations':
      return Array.isArray(value) || value === null;
    case 'refusal':
      return typeof value === 'string' || value === null;
    default:
      return typeof value === 'string';
  }
}

/** Whether a tool call can be sent as it was received, under this id. */
export function isNativeChatCall(
  { type, id: ownId, function: fn, custom, ...rest }: Fields,
  id: string | undefined,
): boolean {
  if (ownId !== id || !hasOnlyKeys(rest, ['extra_content'])) return false;
  if (type === 'custom')
    return isObject(custom) && typeof custom.input === 'string' && isLegalToolName(custom.name);
  return type === 'function' && isObject(fn) && typeof fn.arguments === 'string' && isLegalToolName(fn.name);
}

/** The name of who wrote a message, if the format can carry it. */
export function legalNameOf({ role, name }: MessageEvent): string | undefined {
  return role !== 'tool' && typeof name === 'string' && LEGAL_NAME.test(name) ? name : undefined;
}

function hasNativeFields({ event, items }: ArrangedMessage): boolean {
  const { name, audio, function_call: functionCall, tool_calls: toolCalls } = event;
  const hasLegalName = name === undefined || name === null || legalNameOf(event) !== undefined;
  const readCalls = items.filter(({ place }) => place.field === 'tool_calls');
  const callCount = event.role === 'assistant' && Array.isArray(toolCalls) ? toolCalls.length : 0;
  return hasLegalName && readCalls.length === callCount && !isObject(audio) && !isObject(functionCall);
}

function isNativeItem(
  item: Item,
  { event }: ArrangedMessage,
  idOf: (item: Item) => string | undefined,
): boolean {
  const { source, place } = item;
  if (place.field === 'refusal') return true;
  switch (item.kind) {
    case 'text':
      return (
        isBlock(source, 'text', ['text']) ||
        (event.role === 'assistant' && isBlock(source, 'refusal', ['refusal']))
      );
    case 'media':
      return event.role === 'user' && isNativeChatMedia(item);
    case 'call':
      return place.field === 'tool_calls' && isNativeChatCall(source, idOf(item));
    case 'result':
      return (
        place.field === 'event' &&
        event.tool_call_id === idOf(item) &&
        event.parts.every((part) => isBlock(part, 'text', ['text']))
      );
    default:
      return false;
  }
}

/** Whether media can be sent as they were: in a shape of OpenAI, and of a type that it accepts. */
export function isNativeChatMedia({ source, media }: MediaItem): boolean {
  const { data } = media;
  if (isBlock(source, 'image_url', ['image_url'])) return data.type === 'url' || isImageOfModels(media);
  if (isBlock(source, 'input_audio', ['input_audio'])) return audioFormat(media) !== undefined;
  if (!isBlock(source, 'file', ['file']) || !isObject(source.file)) return false;
  return data.type === 'file-id' || exactMediaType(media) === 'application/pdf';
}

/** The format of audio that OpenAI accepts; undefined for others. */
export function audioFormat(media: Media): 'wav' | 'mp3' | undefined {
  const type = exactMediaType(media);
  return type === 'audio/wav' ? 'wav' : type === 'audio/mpeg' || type === 'audio/mp3' ? 'mp3' : undefined;
}

/**
 * The content as the caller wrote it, but never an empty list, which OpenAI rejects. If the form is unknown, a single text is a
 * string, and a message of calls has null.
 */
function contentField({ event, contentForm }: ArrangedMessage): [string, unknown][] {
  const { parts } = event;
  const [only] = parts;
  if (parts.length === 0 && event.role !== 'assistant') return [['content', '']];
  if (parts.length === 0) return contentForm === 'absent' ? [] : [['content', null]];
  const isString = contentForm !== 'parts' && parts.length === 1 && only?.type === 'text';
  return [['content', isString ? only.text : parts]];
}
