import { isObject, type Part } from '../event.js';
import type { Item, Media } from '../items.js';
import { mediaUrl } from '../render/media.js';

type Fields = Record<string, unknown>;

/** The parts that only a user interface shows, beside `data-NAME`. */
const UI_TYPES = new Set(['source-url', 'source-document', 'steering-message', 'step-start']);

/** The part of a UI message for an item that is not a tool call; undefined if it cannot be shown. */
export function contentPart(item: Item): Part | undefined {
  const { source } = item;
  switch (item.kind) {
    case 'text':
      return textPart(source, item.text);
    case 'reasoning':
      return reasoningPart(source, item.text);
    case 'media':
      return source.type === 'file' && typeof source.url === 'string'
        ? (source as Part)
        : filePart(item.media, source);
    case 'step':
      return source as Part;
    case 'opaque':
      return opaquePart(source);
    default:
      return undefined;
  }
}

function textPart(source: Readonly<Fields>, text: string): Part | undefined {
  const metadata = metadataOf(source);
  if (text === '' && !metadata.providerMetadata) return undefined;
  const isOfUi = source.type === 'text' && source.providerOptions === undefined;
  return isOfUi ? (source as Part) : { type: 'text', text, ...metadata };
}

/** Anthropic accepts its thinking only with the signature. */
function reasoningPart(source: Readonly<Fields>, text: string): Part | undefined {
  if (source.type === 'reasoning-file') return reasoningFilePart(source);
  if (source.type === 'reasoning' && source.text === text && source.providerOptions === undefined)
    return source as Part;
  const { signature, data } = source;
  const anthropic =
    source.type === 'thinking' && typeof signature === 'string'
      ? { signature }
      : source.type === 'redacted_thinking' && typeof data === 'string'
        ? { redactedData: data }
        : undefined;
  const metadata = anthropic ? { providerMetadata: { anthropic } } : metadataOf(source);
  return text === '' && !metadata.providerMetadata ? undefined : { type: 'reasoning', text, ...metadata };
}

function reasoningFilePart(source: Readonly<Fields>): Part | undefined {
  const { url, data, mediaType } = source;
  if (typeof url === 'string') return source as Part;
  if (typeof data !== 'string' || typeof mediaType !== 'string') return undefined;
  const isUrl = /^[a-z][a-z0-9+.-]*:/i.test(data);
  return {
    ...{ type: 'reasoning-file', mediaType, url: isUrl ? data : `data:${mediaType};base64,${data}` },
    ...metadataOf(source),
  };
}

function filePart(media: Media, source: Readonly<Fields>): Part | undefined {
  const { data, mediaType, filename } = media;
  const url = data.type === 'text' ? textUrl(data.text) : mediaUrl(media);
  if (url === undefined) return undefined;
  return {
    ...{ type: 'file', mediaType: data.type === 'text' ? 'text/plain' : mediaType, url },
    ...(filename !== undefined && { filename }),
    ...metadataOf(source),
  };
}

function textUrl(text: string): string {
  const bytes = new TextEncoder().encode(text);
  return `data:text/plain;base64,${btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))}`;
}

function opaquePart(source: Readonly<Fields>): Part | undefined {
  const { type } = source;
  if (typeof type !== 'string') return undefined;
  if (type.startsWith('data-') || UI_TYPES.has(type) || typeof source.state === 'string')
    return source as Part;
  return type === 'custom' && typeof source.kind === 'string'
    ? { type, kind: source.kind, ...metadataOf(source) }
    : undefined;
}

/** The options of a part of a model message are the metadata of a part of a UI message. */
export function metadataOf({ providerOptions, providerMetadata }: Readonly<Fields>): {
  providerMetadata?: Fields;
} {
  const metadata = providerMetadata ?? providerOptions;
  return isObject(metadata) ? { providerMetadata: metadata } : {};
}
