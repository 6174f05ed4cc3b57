import { isObject } from '../event.js';
import type { Item, Media, ToolCallItem, ToolResultItem } from '../items.js';
import type { Repair, WindowEvent } from '../window-event.js';
import { arrange, type ArrangedMessage } from './arrange.js';
import { assignCallIds, renamedCall } from './call-ids.js';
import { leftOut } from './left-out.js';
import { documentText, exactMediaType, isImage, isImageOfModels, mediaUrl } from './media.js';
import { isBlock } from './native.js';
import {
  audioFormat,
  isNativeChatCall,
  isNativeChatMedia,
  legalNameOf,
  nativeChatMessage,
} from './openai-chat-native.js';
import { CONTINUE_TEXT, userMessageAdded } from './system-text.js';
import { legalToolName } from './tool-names.js';
import { argumentsText, outputMedia, outputText } from './tool-texts.js';

type Fields = Record<string, unknown>;

/** OpenAI rejects longer ids of tool calls ("Expected a string with maximum length 40"). */
const MAX_CALL_ID_LENGTH = 40;

/** Renders a window as the `messages` of OpenAI Chat Completions. */
export function renderOpenAiChat(messages: readonly WindowEvent[]): {
  prompt: { messages: object[] };
  repairs: Repair[];
} {
  const { messages: arranged, callOf, repairs } = arrange(messages, () => false);
  const ids = assignCallIds(arranged, { maxLength: MAX_CALL_ID_LENGTH, isUniqueInPrompt: false });
  const writer = new ChatWriter(ids, callOf, repairs, arranged[0]?.seq ?? 0);
  for (const message of arranged) writer.add(message);
  return { prompt: { messages: writer.finish() }, repairs };
}

class ChatWriter {
  private readonly messages: Fields[] = [];
  /** Media of tool results, for a message of the user after all results of the calls of one message. */
  private toolMedia: Fields[] = [];

  constructor(
    private readonly ids: ReadonlyMap<ToolCallItem, string>,
    private readonly callOf: ReadonlyMap<ToolResultItem, ToolCallItem>,
    private readonly repairs: Repair[],
    private readonly firstSeq: number,
  ) {}

  add(message: ArrangedMessage): void {
    if (message.role !== 'tool') this.flushToolMedia();
    const native = nativeChatMessage(message, (item) => this.idOf(item));
    if (native && !isEmpty(message)) this.messages.push(native);
    else if (message.role === 'assistant') this.addAssistant(message);
    else if (message.role === 'tool') this.addResults(message);
    else this.addContent(message);
  }

  /** OpenAI wants a message of the user; templates of open models want the system messages before it. */
  finish(): Fields[] {
    this.flushToolMedia();
    if (this.messages.length === 0 || this.messages.some(({ role }) => role === 'user')) return this.messages;
    const start = this.messages.findIndex(({ role }) => role !== 'system' && role !== 'developer');
    const end = start === -1 ? this.messages.length : start;
    this.messages.splice(end, 0, { role: 'user', content: CONTINUE_TEXT });
    this.repairs.push(userMessageAdded(this.firstSeq));
    return this.messages;
  }

  private idOf(item: Item): string | undefined {
    const call = item.kind === 'result' ? this.callOf.get(item) : item.kind === 'call' ? item : undefined;
    return call && this.ids.get(call);
  }

  private addContent(message: ArrangedMessage): void {
    const isUser = message.role === 'user';
    const parts = this.contentParts(message, isUser ? userPart : textPart);
    if (parts.length === 0) return;
    const role = isUser ? 'user' : message.event.role === 'developer' ? 'developer' : 'system';
    this.messages.push({ role, content: contentOf(parts), ...this.nameOf(message) });
  }

  private addAssistant(message: ArrangedMessage): void {
    const calls = message.items.filter((item) => item.kind === 'call');
    const audioId = message.isWhole ? idOfAudio(message) : undefined;
    const texts = this.contentParts(message, (item) =>
      item.place.field === 'audio' && audioId !== undefined ? undefined : assistantPart(item),
    );
    if (texts.length === 0 && calls.length === 0 && audioId === undefined) return;
    this.messages.push({
      role: 'assistant',
      content: texts.length ? contentOf(texts) : null,
      ...this.nameOf(message),
      ...(audioId !== undefined && { audio: { id: audioId } }),
      ...(calls.length > 0 && { tool_calls: calls.map((call) => this.toolCall(call, message.seq)) }),
    });
  }

  private nameOf({ event, seq }: ArrangedMessage): { name?: string } {
    const name = legalNameOf(event);
    if (name !== undefined) return { name };
    if (typeof event.name === 'string') this.repairs.push(nameLeftOut(seq));
    return {};
  }

  private toolCall(call: ToolCallItem, seq: number): Fields {
    const id = this.idOf(call) ?? '';
    if (call.place.field === 'tool_calls' && isNativeChatCall(call.source, id)) return call.source;
    const name = legalToolName(call.name);
    this.repairs.push(...renamedCall(call, seq, id, name));
    return { id, type: 'function', function: { name, arguments: argumentsText(call) } };
  }

  private addResults({ items, seq, event }: ArrangedMessage): void {
    if (event.role === 'tool' && typeof event.name === 'string') this.repairs.push(nameLeftOut(seq));
    for (const item of items) {
      if (item.kind !== 'result') {
        this.repairs.push(leftOut(seq, item, 'the format has no such part'));
        continue;
      }
      const id = this.idOf(item) ?? '';
      this.messages.push({ role: 'tool', tool_call_id: id, content: outputText(item) });
      this.addToolMedia(seq, item, id);
    }
  }

  private addToolMedia(seq: number, item: ToolResultItem, id: string): void {
    const parts = outputMedia(item).map(mediaPart);
    if (parts.includes(undefined))
      this.repairs.push(leftOut(seq, item, 'the format cannot carry this kind of media'));
    const known = parts.filter((part) => part !== undefined);
    if (known.length === 0) return;
    this.repairs.push({
      code: 'moved',
      seq,
      call_id: id,
      action: 'moved the media of the result into a message of the user',
    });
    this.toolMedia.push({ type: 'text', text: `Output of the tool call ${id}:` }, ...known);
  }

  private flushToolMedia(): void {
    if (this.toolMedia.length) this.messages.push({ role: 'user', content: this.toolMedia });
    this.toolMedia = [];
  }

  /** The parts of a content; what the format cannot carry is reported. */
  private contentParts({ items, seq }: ArrangedMessage, write: (item: Item) => Fields | undefined): Fields[] {
    return items.flatMap((item) => {
      if (item.kind === 'call' || item.kind === 'step') return [];
      const part = write(item);
      if (part && item.kind === 'media' && part.type === 'text')
        this.repairs.push({ code: 'rewritten', seq, action: 'wrote a text file as text' });
      if (part) return [part];
      if (item.place.field !== 'audio') this.repairs.push(leftOut(seq, item, 'the format has no such part'));
      return [];
    });
  }
}

function nameLeftOut(seq: number): Repair {
  return { code: 'left_out', seq, action: 'left out the name: the format does not allow it' };
}

/** OpenAI rejects a message without content. */
function isEmpty({ event, items }: ArrangedMessage): boolean {
  return items.length === 0 && event.parts.length === 0;
}

function idOfAudio({ event: { audio } }: ArrangedMessage): string | undefined {
  return isObject(audio) && typeof audio.id === 'string' ? audio.id : undefined;
}

function contentOf(parts: readonly Fields[]): unknown {
  const [only] = parts;
  return parts.length === 1 && isBlock(only, 'text', ['text']) ? only?.text : parts;
}

function textPart(item: Item): Fields | undefined {
  if (item.kind !== 'text') return undefined;
  return isBlock(item.source, 'text', ['text']) ? item.source : { type: 'text', text: item.text };
}

function assistantPart(item: Item): Fields | undefined {
  if (item.kind === 'text' && item.isRefusal) return { type: 'refusal', refusal: item.text };
  return textPart(item);
}

function userPart(item: Item): Fields | undefined {
  if (item.kind !== 'media') return textPart(item);
  return isNativeChatMedia(item) ? item.source : mediaPart(item.media);
}

/** Undefined for media that the format cannot carry. */
function mediaPart(media: Media): Fields | undefined {
  const text = documentText(media);
  if (text !== undefined) return { type: 'text', text };
  const url = mediaUrl(media);
  const type = exactMediaType(media);
  const { data, filename = 'file.pdf' } = media;
  if (isImage(media)) {
    const isLegal = data.type === 'url' || isImageOfModels(media);
    return url !== undefined && isLegal ? { type: 'image_url', image_url: { url } } : undefined;
  }
  if (data.type !== 'base64') return undefined;
  const format = audioFormat(media);
  if (format) return { type: 'input_audio', input_audio: { data: data.base64, format } };
  return type === 'application/pdf' ? { type: 'file', file: { filename, file_data: url } } : undefined;
}
