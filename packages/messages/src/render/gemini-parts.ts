import { isObject } from '../event.js';
import type { Media, ToolCallItem, ToolResultItem } from '../items.js';
import { documentText, exactMediaType } from './media.js';
import { legalToolName } from './tool-names.js';
import { argumentsObject, outputText } from './tool-texts.js';

type Fields = Record<string, unknown>;

/** Where the AI SDK stores what Google's providers have written beside a part. */
const METADATA_FIELDS = ['providerOptions', 'callProviderMetadata', 'providerMetadata'];
const GOOGLE_PROVIDERS = ['google', 'googleVertex', 'vertex'];

/**
 * Media that Gemini reads. Source: guides on image, audio, video and document understanding. `image/*` and the like are no media
 * types of Gemini: without one, it finds out the type of a file that it fetches.
 */
const MEDIA_TYPES = new RegExp(
  '^(image/(png|jpeg|webp|heic|heif)' +
    '|audio/(wav|x-wav|mp3|mpeg|mp4|aiff|aac|ogg|opus|flac|webm)' +
    '|video/(mp4|mpeg|mov|quicktime|avi|x-msvideo|x-flv|webm|wmv|x-ms-wmv|3gpp)' +
    '|application/pdf)$',
);

/** The `thoughtSignature` that Gemini gave to a part, as the AI SDK or Gemini's endpoint for OpenAI Chat stores it. */
export function thoughtSignature(source: Fields): string | undefined {
  const chat = googleFields(source.extra_content)?.thought_signature;
  const found = METADATA_FIELDS.map((field) => googleFields(source[field])?.thoughtSignature);
  return [chat, ...found].find((value) => typeof value === 'string' && /^[\w+/-]+={0,2}$/.test(value)) as
    string | undefined;
}

function googleFields(metadata: unknown): Fields | undefined {
  if (!isObject(metadata)) return undefined;
  return GOOGLE_PROVIDERS.map((provider) => metadata[provider]).find(isObject);
}

/** A name of a function: it begins with a letter or an underscore. */
export function geminiToolName(name: string): string {
  const legal = legalToolName(name);
  return /^[a-zA-Z_]/.test(legal) ? legal : `_${legal}`.slice(0, 64);
}

/**
 * A call without its id: Vertex AI knows no ids, and Gemini pairs calls and responses by their order then.
 *
 * @see https://ai.google.dev/gemini-api/docs/function-calling
 */
export function functionCallPart(call: ToolCallItem): Fields {
  return { functionCall: { name: geminiToolName(call.name), args: argumentsObject(call) } };
}

/** The response of a call, as the API wants it: an object with `output` or `error`. */
export function functionResponsePart(call: ToolCallItem, result: ToolResultItem): Fields {
  const { output } = result;
  const value = output.type === 'json' ? output.value : outputText(result);
  const response = result.isError ? { error: value } : { output: value };
  return { functionResponse: { name: geminiToolName(call.name), response } };
}

/** Undefined for media that Gemini does not read. */
export function mediaPart(media: Media): Fields | undefined {
  const text = documentText(media);
  if (text !== undefined) return text === '' ? undefined : { text };
  const { data, mediaType } = media;
  if (data.type === 'base64') {
    const mimeType = exactMediaType(media);
    return MEDIA_TYPES.test(mimeType) ? { inlineData: { mimeType, data: data.base64 } } : undefined;
  }
  const fileUri = data.type === 'url' ? data.url : fileUriOf(data);
  const isUnknownType = mediaType.endsWith('/*') || mediaType === 'application/octet-stream';
  if (fileUri === undefined || !/^(https?|gs):/.test(fileUri)) return undefined;
  if (isUnknownType) return { fileData: { fileUri } };
  return MEDIA_TYPES.test(mediaType) ? { fileData: { mimeType: mediaType, fileUri } } : undefined;
}

/** The address of a file that was uploaded to Google. */
function fileUriOf(data: Media['data']): string | undefined {
  if (data.type !== 'file-id') return undefined;
  return GOOGLE_PROVIDERS.map((provider) => data.references?.[provider]).find(Boolean) ?? data.fileId;
}
