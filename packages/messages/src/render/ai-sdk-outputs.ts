import type { Media, ToolOutputContent, ToolResultItem } from '../items.js';
import { isToolOutput, type AiSdkVersion } from './ai-sdk-native.js';
import { documentText, exactMediaType, isImage } from './media.js';

type Fields = Record<string, unknown>;

export interface WrittenOutput {
  output: Fields;
  /** Media that the output cannot carry. */
  mediaAfter: readonly Media[];
}

/**
 * The tagged `output` of a tool result. An output of the AI SDK that the version knows is returned as it is; one of another version
 * keeps its media in the spelling of this version.
 *
 * Media of other dialects follow the result: no spelling is accepted by all versions, the OpenAI Chat provider sends media inside an
 * output as JSON text, and the Google provider makes more parts of them than Gemini 2 accepts.
 */
export function writeOutput(result: ToolResultItem, version: AiSdkVersion | undefined): WrittenOutput {
  const { source, output, isError } = result;
  const isOfAiSdk = source.type === 'tool-result' && isToolOutput(source.output);
  if (isOfAiSdk && isToolOutput(source.output, version))
    return { output: withoutBlankTexts(source.output as Fields), mediaAfter: [] };
  if (output.type === 'json') {
    const json = { type: isError ? 'error-json' : 'json', value: output.value ?? null };
    return { output: json, mediaAfter: [] };
  }
  const type = isError ? 'error-text' : 'text';
  if (output.type === 'text') return { output: { type, value: output.text }, mediaAfter: [] };
  return writeContent(output.content, type, isOfAiSdk ? version : undefined);
}

/** Anthropic rejects a blank text in an output that has several items. */
function withoutBlankTexts(output: Fields): Fields {
  const { type, value } = output;
  if (type !== 'content') return output;
  const isBlank = ({ type: itemType, text }: Fields) => itemType === 'text' && String(text).trim() === '';
  const items = value as Fields[];
  if (!items.some(isBlank)) return output;
  const kept = items.filter((item) => !isBlank(item));
  return kept.length > 0 ? { ...output, value: kept } : { type: 'text', value: '' };
}

/** @param version undefined: media follow the result */
function writeContent(
  content: readonly ToolOutputContent[],
  type: string,
  version: AiSdkVersion | undefined,
): WrittenOutput {
  const items: Fields[] = [];
  const mediaAfter: Media[] = [];
  for (const each of content) {
    const text = each.type === 'text' ? each.text : documentText(each.media);
    const item = each.type === 'media' && version !== undefined ? mediaItem(each.media, version) : undefined;
    if (text !== undefined) items.push({ type: 'text', text });
    else if (item) items.push(item);
    else if (each.type === 'media') mediaAfter.push(each.media);
  }
  if (items.some((item) => item.type !== 'text'))
    return { output: withoutBlankTexts({ type: 'content', value: items }), mediaAfter };
  const text = items
    .map((item) => item.text)
    .filter(Boolean)
    .join('\n');
  return {
    output: { type, value: text || mediaAfter.map((media) => `[${exactMediaType(media)}]`).join(' ') },
    mediaAfter,
  };
}

/** One item of the output's `content`; undefined if the version cannot carry these media in an output. */
function mediaItem(media: Media, version: AiSdkVersion): Fields | undefined {
  const { data, filename } = media;
  const mediaType = exactMediaType(media);
  const name = filename === undefined ? {} : { filename };
  if (data.type === 'file-id' || data.type === 'text') return undefined;
  if (data.type === 'url') {
    if (version === 5) return undefined;
    return isImage(media)
      ? { type: 'image-url', url: data.url }
      : { type: 'file-url', url: data.url, mediaType };
  }
  const { base64 } = data;
  if (version === 5) return { type: 'media', data: base64, mediaType };
  if (version === 7) return { type: 'file', data: { type: 'data', data: base64 }, mediaType, ...name };
  return isImage(media)
    ? { type: 'image-data', data: base64, mediaType }
    : { type: 'file-data', data: base64, mediaType, ...name };
}
