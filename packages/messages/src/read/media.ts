import { firstString, isObject, type Part } from '../event.js';
import type { Media, MediaData } from '../items.js';

type Fields = Record<string, unknown>;

/** The media type of parts that do not name theirs. */
const DEFAULT_TYPES = new Map(
  Object.entries({
    image: 'image/*',
    image_url: 'image/*',
    'image-data': 'image/*',
    'image-url': 'image/*',
    'image-file-id': 'image/*',
    'image-file-reference': 'image/*',
    input_image: 'image/*',
    computer_screenshot: 'image/*',
    image_generation_call: 'image/png',
    input_audio: 'audio/wav',
    audio: 'audio/*',
    video: 'video/*',
    document: 'application/pdf',
    file: 'application/octet-stream',
    'file-data': 'application/octet-stream',
    'file-url': 'application/octet-stream',
    'file-id': 'application/octet-stream',
    'file-reference': 'application/octet-stream',
    input_file: 'application/octet-stream',
    media: 'application/octet-stream',
    'text-plain': 'text/plain',
  }),
);

/** Types by the ending of a file name or a URL, for parts that say no more than that they are a file. */
const TYPES_BY_ENDING = new Map(
  Object.entries({
    pdf: 'application/pdf',
    ...{ png: 'image/png', jpg: 'image/jpeg', jpeg: 'image/jpeg', gif: 'image/gif', webp: 'image/webp' },
    ...{
      txt: 'text/plain',
      md: 'text/markdown',
      csv: 'text/csv',
      html: 'text/html',
      json: 'application/json',
    },
    ...{ mp3: 'audio/mpeg', wav: 'audio/wav', mp4: 'video/mp4' },
  }),
);

/** Reads an image, a file, audio or video in any dialect; undefined for other parts and for media without data. */
export function readMedia(part: Part): Media | undefined {
  const fallbackType = DEFAULT_TYPES.get(part.type);
  if (fallbackType === undefined) return undefined;
  const holder = holderOf(part);
  const found = dataOf(part, holder);
  if (!found) return undefined;
  const given = firstString(
    ...[holder.mediaType, holder.media_type, holder.mimeType, holder.mime_type],
    ...[part.mediaType, part.mimeType, part.mime_type],
    typeOfFormat(part, holder),
  );
  const filename = firstString(
    ...[part.filename, part.title, holder.filename, part.name],
    isObject(part.metadata) ? part.metadata.filename : undefined,
  );
  const mediaType =
    given ??
    typeOfDataUrl(found.original) ??
    (fallbackType.endsWith('/octet-stream') ? typeOfName(filename, found.data) : undefined) ??
    fallbackType;
  return {
    // The AI SDK allows `image` for an image of any type.
    mediaType: mediaType.includes('/') ? mediaType : `${mediaType}/*`,
    data: found.data,
    ...(filename !== undefined && { filename }),
  };
}

/**
 * The object inside a part that describes its data: `source` of Anthropic, `file`, `image_url` or `input_audio` of OpenAI,
 * `image`, `file` or `audio` of OpenAI Agents, and `data` of the AI SDK.
 */
function holderOf(part: Part): Fields {
  const inner = [
    part.source,
    part.file,
    part.image_url,
    part.input_audio,
    part.image,
    part.audio,
    part.data,
  ].find(isObject);
  return inner ?? part;
}

/** Of audio in OpenAI's dialects, and of the images that OpenAI generates. */
function typeOfFormat(part: Part, holder: Fields): string | undefined {
  const image = part.type === 'image_generation_call' ? firstString(part.output_format) : undefined;
  if (image !== undefined) return image === 'svg' ? 'image/svg+xml' : `image/${image}`;
  const audio = firstString(holder.format, part.format);
  return audio === undefined ? undefined : audio === 'mp3' ? 'audio/mpeg' : `audio/${audio}`;
}

function dataOf(part: Part, holder: Fields): { data: MediaData; original: string } | undefined {
  const text = textOf(part, holder);
  if (text !== undefined) return { data: { type: 'text', text }, original: '' };
  const original = firstString(
    ...[holder.url, holder.data, holder.file_data, holder.file_url],
    ...[part.image_url, part.image, part.url, part.data, part.file_data, part.file_url, part.blob],
    ...[part.file, part.audio, part.result],
  );
  if (original !== undefined) return { data: toData(original), original };
  const file = fileOf(part, holder);
  return file && { data: file, original: '' };
}

/** A document that is given as text, or as blocks of text. */
function textOf(part: Part, holder: Fields): string | undefined {
  if (part.type === 'text-plain') return firstString(part.text);
  if (holder.type === 'text') return firstString(holder.data, holder.text);
  if (holder.type !== 'content') return undefined;
  if (!Array.isArray(holder.content)) return firstString(holder.content);
  const texts = holder.content.map((block) => (isObject(block) ? firstString(block.text) : undefined));
  return texts.filter(Boolean).join('\n') || undefined;
}

/** @param source base64 data, a data URL, or another URL */
function toData(source: string): MediaData {
  const [, base64] = /^data:[^,]*;base64,(.*)$/s.exec(source) ?? [];
  if (base64 !== undefined) return { type: 'base64', base64 };
  return /^[a-z][a-z0-9+.-]*:/i.test(source)
    ? { type: 'url', url: source }
    : { type: 'base64', base64: source };
}

function typeOfName(filename: string | undefined, data: MediaData): string | undefined {
  const path = data.type === 'url' ? data.url.replace(/[?#].*$/s, '') : '';
  const endings = [filename, path].map((name) => /\.([a-z0-9]+)$/i.exec(name ?? '')?.[1]);
  return endings
    .map((ending) => TYPES_BY_ENDING.get(ending?.toLowerCase() ?? ''))
    .find((type) => type !== undefined);
}

function typeOfDataUrl(source: string): string | undefined {
  const [, type] = /^data:([^;,]+)[;,]/.exec(source.slice(0, 200)) ?? [];
  return type;
}

/** A file that a provider stores. The AI SDK gives an id per provider, also without any other key. */
function fileOf(part: Part, holder: Fields): MediaData | undefined {
  const isIdOnly = holder !== part || part.source_type === 'id';
  const fileId = firstString(
    ...[holder.file_id, holder.fileId, part.file_id, part.fileId],
    isIdOnly ? holder.id : undefined,
  );
  if (fileId !== undefined) return { type: 'file-id', fileId };
  const references = [holder.reference, part.providerReference, part.fileId, part.image, part.data]
    .filter(isObject)
    .map(stringFields)
    .find((ids) => Object.keys(ids).length > 0);
  const [first] = Object.values(references ?? {});
  return first === undefined ? undefined : { type: 'file-id', fileId: first, references };
}

function stringFields(value: Fields): Record<string, string> {
  return Object.fromEntries(
    Object.entries(value).filter(
      (entry): entry is [string, string] => entry[0] !== 'type' && typeof entry[1] === 'string',
    ),
  );
}
