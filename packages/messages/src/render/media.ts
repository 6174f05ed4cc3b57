import type { Media } from '../items.js';

/** The first characters of base64 data, by the image type that begins with these bytes. */
const IMAGE_SIGNATURES: Readonly<Record<string, string>> = {
  'image/png': 'iVBOR',
  'image/jpeg': '/9j/',
  'image/gif': 'R0lGOD',
  'image/webp': 'UklGR',
};

/** The image types that the models of OpenAI and Anthropic read. Source: their guides on images and vision. */
export const IMAGE_TYPES: readonly string[] = Object.keys(IMAGE_SIGNATURES);

/** The media type; for an image of unknown type the one that its first bytes show, or PNG. */
export function exactMediaType({ mediaType, data }: Media): string {
  if (mediaType !== 'image/*') return mediaType;
  const base64 = data.type === 'base64' ? data.base64 : '';
  return Object.entries(IMAGE_SIGNATURES).find(([, start]) => base64.startsWith(start))?.[0] ?? 'image/png';
}

export function isImage({ mediaType }: Media): boolean {
  return mediaType.startsWith('image/');
}

/** Whether an image is of one of `IMAGE_TYPES`; an image of unknown type counts as what `exactMediaType` returns. */
export function isImageOfModels(media: Media): boolean {
  return IMAGE_TYPES.includes(exactMediaType(media));
}

/** Whether any model reads files of this type: images that all read, audio, video, text and PDF. */
export function isReadByModels(media: Media): boolean {
  if (isImage(media)) return isImageOfModels(media);
  return !media.mediaType.startsWith('application/') || media.mediaType === 'application/pdf';
}

/** The URL of media, a data URL for base64 data; undefined for text and for files that only one provider knows. */
export function mediaUrl(media: Media): string | undefined {
  const { data } = media;
  if (data.type === 'url') return data.url;
  return data.type === 'base64' ? `data:${exactMediaType(media)};base64,${data.base64}` : undefined;
}

/** The text of a document that is given as text, or as base64 of a text type. */
export function documentText({ data, mediaType }: Media): string | undefined {
  if (data.type === 'text') return data.text;
  const isText = mediaType.startsWith('text/') || mediaType === 'application/json';
  if (data.type !== 'base64' || !isText) return undefined;
  try {
    return new TextDecoder().decode(
      Uint8Array.from(atob(data.base64), (character) => character.charCodeAt(0)),
    );
  } catch {
    return undefined; // not base64
  }
}
