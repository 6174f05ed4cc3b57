import { isObject } from '../event.js';
import type { Item, Media, ToolResultItem } from '../items.js';
import { documentText, exactMediaType, isImage, isImageOfModels, mediaUrl } from './media.js';
import { isBlock } from './native.js';
import { outputText } from './tool-texts.js';

export type Fields = Record<string, unknown>;

const INPUT_BLOCKS = new Map(
  Object.entries({
    input_text: { keys: ['text'], data: ['text'] },
    input_image: { keys: ['detail', 'file_id', 'image_url'], data: ['file_id', 'image_url'] },
    input_file: {
      keys: ['detail', 'file_data', 'file_id', 'file_url', 'filename'],
      data: ['file_data', 'file_id', 'file_url'],
    },
  }),
);

/** The fields of each type of block that a model writes; the second holds its text. */
const OUTPUT_BLOCKS = new Map([
  ['output_text', ['type', 'text', 'annotations', 'logprobs']],
  ['refusal', ['type', 'refusal']],
]);

/** Files beside PDF whose text OpenAI extracts. Source: guide "File inputs". */
const DOCUMENT_TYPES =
  /^application\/(pdf|rtf|msword|vnd\.(ms-|openxmlformats-officedocument\.|oasis\.opendocument\.))/;

/** Whether an object is a block of a user message that OpenAI accepts. */
export function isInputBlock(block: unknown): block is Fields {
  if (!isObject(block)) return false;
  const rule = INPUT_BLOCKS.get(String(block.type));
  return (
    rule !== undefined &&
    isBlock(block, String(block.type), [...rule.keys, 'prompt_cache_breakpoint']) &&
    rule.data.some((key) => typeof block[key] === 'string') &&
    isLegalBlock(block)
  );
}

function isLegalBlock({ image_url: imageUrl, file_data: fileData, filename }: Fields): boolean {
  if (typeof imageUrl === 'string')
    return /^(https?:|data:image\/(png|jpeg|gif|webp);base64,)/.test(imageUrl);
  return typeof fileData !== 'string' || (fileData.startsWith('data:') && typeof filename === 'string');
}

export function isInputContent(content: unknown): content is Fields[] {
  return Array.isArray(content) && content.length > 0 && content.every(isInputBlock);
}

/**
 * The block of a message of the model, as OpenAI accepts it back: the object itself, or a copy without nulls and without fields
 * that client libraries add.
 */
export function outputBlock(block: unknown): Fields | undefined {
  if (!isObject(block)) return undefined;
  const keys = OUTPUT_BLOCKS.get(String(block.type));
  if (!keys || typeof block[keys[1] ?? ''] !== 'string') return undefined;
  const entries = Object.entries(block).filter(([key, value]) => keys.includes(key) && value !== null);
  return entries.length === Object.keys(block).length ? block : Object.fromEntries(entries);
}

/** The block of a text or of media; undefined for what a message of this author cannot have. */
export function contentBlock(item: Item, isAssistant: boolean): Fields | undefined {
  const native = isAssistant ? outputBlock(item.source) : isInputBlock(item.source) ? item.source : undefined;
  if (native) return native;
  if (item.kind === 'media') return isAssistant ? undefined : mediaBlock(item.media, item.source);
  if (item.kind !== 'text') return undefined;
  if (!isAssistant) return { type: 'input_text', text: item.text };
  return item.isRefusal ? { type: 'refusal', refusal: item.text } : { type: 'output_text', text: item.text };
}

/**
 * The output of a tool: a string, or blocks if it has media.
 *
 * @param onLoss is called if it has media that OpenAI does not accept
 */
export function outputContent(item: ToolResultItem, onLoss: () => void): string | Fields[] {
  const { output } = item;
  if (output.type !== 'content' || output.content.every(({ type }) => type === 'text'))
    return outputText(item);
  const blocks = output.content.flatMap((each): Fields[] => {
    if (each.type === 'text') return each.text === '' ? [] : [{ type: 'input_text', text: each.text }];
    const block = isInputBlock(each.source) ? each.source : mediaBlock(each.media, each.source);
    if (!block) onLoss();
    return block ? [block] : [];
  });
  return blocks.length > 0 ? blocks : '';
}

/** @param source the part that the media were read from: OpenAI Chat has the detail of an image in it */
function mediaBlock(media: Media, source: Fields): Fields | undefined {
  const text = documentText(media);
  if (text !== undefined) return { type: 'input_text', text };
  const { data, filename } = media;
  const url = mediaUrl(media);
  if (data.type === 'file-id') {
    const fileId = data.references?.openai ?? data.fileId;
    if (!fileId.startsWith('file-')) return undefined;
    return isImage(media) ? imageBlock({ file_id: fileId }, source) : { type: 'input_file', file_id: fileId };
  }
  if (url === undefined || (data.type === 'url' && !/^https?:/.test(url))) return undefined;
  if (isImage(media)) return isImageOfModels(media) ? imageBlock({ image_url: url }, source) : undefined;
  const type = exactMediaType(media);
  if (/^(audio|video)\//.test(type)) return undefined;
  if (data.type === 'url') return { type: 'input_file', file_url: url };
  if (!DOCUMENT_TYPES.test(type)) return undefined;
  const name = filename ?? (type === 'application/pdf' ? 'file.pdf' : 'file');
  return { type: 'input_file', filename: name, file_data: url };
}

function imageBlock(image: Fields, { image_url: chatImage }: Fields): Fields {
  const detail = isObject(chatImage) && typeof chatImage.detail === 'string' ? chatImage.detail : 'auto';
  return { type: 'input_image', ...image, detail };
}
