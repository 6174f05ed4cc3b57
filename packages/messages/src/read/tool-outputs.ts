import { isObject, type Part } from '../event.js';
import type { ToolOutput, ToolOutputContent } from '../items.js';
import { readMedia } from './media.js';

/** The types of text blocks. A block of another type may hold more than its text: it is JSON. */
const TEXT_TYPES = new Set(['text', 'input_text', 'output_text']);

/** The output of a tool in any spelling: a text, a list of content blocks, the tagged `output` of the AI SDK, or JSON. */
export function readOutput(output: unknown): ToolOutput {
  if (typeof output === 'string') return { type: 'text', text: output };
  if (isObject(output)) return readObject(output);
  const content = readContent(output);
  return content ? { type: 'content', content } : { type: 'json', value: output ?? null };
}

/** Whether the tagged `output` of the AI SDK, or the content of an Anthropic result, says that the tool failed. */
export function isErrorOutput(output: unknown): boolean {
  if (!isObject(output)) return false;
  const type = String(output.type);
  return ['error-text', 'error-json', 'execution-denied'].includes(type) || type.endsWith('_result_error');
}

function readObject(output: Record<string, unknown>): ToolOutput {
  const { type, value, text, reason } = output;
  if ((type === 'text' || type === 'error-text') && typeof value === 'string')
    return { type: 'text', text: value };
  if (TEXT_TYPES.has(String(type)) && typeof text === 'string') return { type: 'text', text };
  if ((type === 'json' || type === 'error-json') && 'value' in output) return { type: 'json', value };
  if (type === 'content' && Array.isArray(value))
    return { type: 'content', content: value.flatMap(readBlock) };
  if (type === 'execution-denied')
    return { type: 'text', text: typeof reason === 'string' && reason ? reason : 'Tool execution denied.' };
  const content = readContent([output]) ?? readFetchedDocument(output);
  return content ? { type: 'content', content } : { type: 'json', value: output };
}

/** The content blocks of a list; undefined if it has no text and no media: it is JSON then. */
function readContent(list: unknown): ToolOutputContent[] | undefined {
  if (!Array.isArray(list) || !list.every((block) => isObject(block) && typeof block.type === 'string'))
    return undefined;
  const isContent = (list as Part[]).some((block) => TEXT_TYPES.has(block.type) || readMedia(block));
  return isContent ? (list as Part[]).flatMap(readBlock) : undefined;
}

/** Whether a block is text of a message, in any dialect. */
export function isTextBlock(
  block: Readonly<Record<string, unknown>>,
): block is { type: string; text: string } {
  return TEXT_TYPES.has(String(block.type)) && typeof block.text === 'string';
}

/** Blocks of unknown types, such as references to tools, are text as JSON. */
function readBlock(block: unknown): ToolOutputContent {
  if (!isObject(block)) return { type: 'text', text: JSON.stringify(block) };
  const media = readMedia(block as Part);
  if (media) return { type: 'media', media, source: block as Part };
  return { type: 'text', text: isTextBlock(block) ? block.text : JSON.stringify(block) };
}

/** Anthropic's `web_fetch_result`: a document with the URL and the time at which it was fetched. */
function readFetchedDocument({
  content: document,
  ...rest
}: Record<string, unknown>): ToolOutputContent[] | undefined {
  const media =
    rest.type === 'web_fetch_result' && isObject(document) ? readMedia(document as Part) : undefined;
  if (!media) return undefined;
  return [
    { type: 'text', text: JSON.stringify(rest) },
    { type: 'media', media, source: document as Part },
  ];
}
