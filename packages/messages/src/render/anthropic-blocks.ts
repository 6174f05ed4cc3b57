import { isObject } from '../event.js';
import type { Item, Media, ReasoningItem, ToolCallItem, ToolResultItem } from '../items.js';
import { documentText, exactMediaType, IMAGE_TYPES, isImage, isImageOfModels } from './media.js';
import { hasOnlyKeys, isBlock } from './native.js';
import { outputText } from './tool-texts.js';

type Fields = Record<string, unknown>;

/** Blocks that Anthropic writes and accepts back in a message of the model, beside text, thinking and tool calls. */
const SERVER_BLOCKS = new Set([
  ...[
    'server_tool_use',
    'mcp_tool_use',
    'mcp_tool_result',
    'web_search_tool_result',
    'web_fetch_tool_result',
  ],
  ...[
    'code_execution_tool_result',
    'bash_code_execution_tool_result',
    'text_editor_code_execution_tool_result',
  ],
  ...['tool_search_tool_result', 'compaction'],
]);

/** Whether a message of the model may contain the source of an item as it is. */
export function isServerBlock({ source, place }: Item): boolean {
  // OpenAI has a `compaction` too, with encrypted content.
  if (source.type === 'compaction') return place.field === 'parts' && typeof source.content === 'string';
  return place.field === 'parts' && SERVER_BLOCKS.has(String(source.type));
}

/** The source of an item as it is, without blank texts in a list that it has as its content. */
export function serverBlock({ source }: Item): Fields {
  const { content } = source;
  if (source.type !== 'mcp_tool_result' || !Array.isArray(content) || !content.some(isBlankText))
    return source;
  return { ...source, content: content.filter((block) => !isBlankText(block)) };
}

function isBlankText(block: unknown): boolean {
  return (
    isObject(block) && block.type === 'text' && typeof block.text === 'string' && block.text.trim() === ''
  );
}

/** A text block; undefined for blank text, which Anthropic rejects. */
export function textBlock({ source }: Item, text: string): Fields | undefined {
  if (text.trim() === '') return undefined;
  const isNative =
    isBlock(source, 'text', ['text', 'cache_control', 'citations']) && source.citations !== null;
  return isNative ? source : { type: 'text', text };
}

/** An image or a document; undefined for media that Anthropic does not accept. */
export function mediaBlock(media: Media, source?: Fields): Fields | undefined {
  const keys = ['source', 'cache_control', 'title', 'context', 'citations'];
  if (
    source &&
    isObject(source.source) &&
    (isBlock(source, 'image', keys) || isBlock(source, 'document', keys))
  )
    return isLegalSource(source.source, source.type) ? source : undefined;
  const text = documentText(media);
  const title = media.filename === undefined ? {} : { title: media.filename };
  if (text !== undefined && text.trim() !== '')
    return { type: 'document', source: { type: 'text', media_type: 'text/plain', data: text }, ...title };
  const { data } = media;
  const mediaType = exactMediaType(media);
  const type = isImage(media) ? 'image' : mediaType === 'application/pdf' ? 'document' : undefined;
  if (!type || (type === 'image' && !isImageOfModels(media))) return undefined;
  const named = type === 'document' ? title : {};
  if (data.type === 'url') return { type, source: { type: 'url', url: data.url }, ...named };
  if (data.type !== 'base64' || data.base64 === '') return undefined;
  return { type, source: { type: 'base64', media_type: mediaType, data: data.base64 }, ...named };
}

function isLegalSource({ type, media_type: mediaType }: Fields, block: unknown): boolean {
  if (type !== 'base64') return true;
  return block === 'image' ? IMAGE_TYPES.includes(String(mediaType)) : mediaType === 'application/pdf';
}

/** The thinking block of an item, if Anthropic wrote it; also as the AI SDK stores it. */
export function thinkingBlock({ source, text }: ReasoningItem): Fields | undefined {
  if (isBlock(source, 'thinking', ['thinking', 'signature']))
    return typeof source.thinking === 'string' && isText(source.signature) ? source : undefined;
  if (isBlock(source, 'redacted_thinking', ['data'])) return isText(source.data) ? source : undefined;
  const options = source.providerOptions ?? source.providerMetadata;
  const anthropic = isObject(options) && isObject(options.anthropic) ? options.anthropic : {};
  if (isText(anthropic.signature))
    return { type: 'thinking', thinking: text, signature: anthropic.signature };
  return isText(anthropic.redactedData)
    ? { type: 'redacted_thinking', data: anthropic.redactedData }
    : undefined;
}

/** The block of a call that can be sent as it was received, under this id. */
export function isNativeToolUse({ source, name }: ToolCallItem, id: string): boolean {
  const keys = ['id', 'name', 'input', 'cache_control', 'caller'];
  return (
    isBlock(source, 'tool_use', keys) &&
    source.id === id &&
    isObject(source.input) &&
    isAnthropicToolName(name)
  );
}

/** Whether Anthropic accepts a tool name: up to 128 characters, where `isLegalToolName` allows 64. */
function isAnthropicToolName(name: string): boolean {
  return /^[a-zA-Z0-9_-]{1,128}$/.test(name);
}

/** The `tool_result` block of a result, for the call with this id. */
export function toolResultBlock(item: ToolResultItem, id: string): Fields {
  if (isNativeResult(item.source, id)) return item.source;
  const error = item.isError ? { is_error: true } : {};
  return { type: 'tool_result', tool_use_id: id, content: resultContent(item), ...error };
}

function resultContent(item: ToolResultItem): unknown {
  const { output } = item;
  // Anthropic accepts only text in the result of a tool that failed.
  if (output.type !== 'content' || item.isError) return outputText(item);
  const blocks: Fields[] = output.content.flatMap((each) => {
    const block =
      each.type === 'media'
        ? mediaBlock(each.media, each.source)
        : each.text.trim() && { type: 'text', text: each.text };
    return block ? [block] : [];
  });
  const [only] = blocks;
  if (blocks.length === 1 && isBlock(only, 'text', ['text'])) return only?.text;
  return blocks.length ? blocks : '';
}

function isNativeResult(source: Fields, id: string): boolean {
  const keys = ['tool_use_id', 'content', 'is_error', 'cache_control'];
  if (!isBlock(source, 'tool_result', keys) || source.tool_use_id !== id) return false;
  const { content } = source;
  if (content === undefined || typeof content === 'string') return true;
  if (!Array.isArray(content) || !content.every(isNativeResultBlock)) return false;
  return source.is_error !== true || content.every((block: Fields) => block.type === 'text');
}

function isNativeResultBlock(block: unknown): boolean {
  if (!isObject(block)) return false;
  if (block.type === 'text')
    return (
      hasOnlyKeys(block, ['type', 'text', 'cache_control', 'citations']) &&
      isText(block.text) &&
      block.text.trim() !== ''
    );
  if (!isObject(block.source)) return isBlock(block, 'tool_reference', ['tool_name', 'cache_control']);
  const keys = ['type', 'source', 'cache_control', 'title', 'context', 'citations'];
  return (
    hasOnlyKeys(block, keys) &&
    (block.type === 'image' || block.type === 'document') &&
    isLegalSource(block.source, block.type)
  );
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
