import type { CountedMedia } from '@fastpaca/messages';
import { runCooperatively, runToCompletion } from '../../common/cooperative-task.js';
import type { ModelFamily } from '../model-families.js';
import { Base64Bytes } from './base64-bytes.js';
import { durationSeconds } from './duration.js';
import type { ImageSize } from './image-formulas.js';
import { imageSize } from './image-size.js';
import { pdfPages } from './pdf-pages.js';

/** Tokens per second of video with sound. Source: ai.google.dev, "Understand and count tokens": 258 a frame, 1 frame/s, and sound. */
const VIDEO_TOKENS_PER_SECOND = 263;

/** What is assumed of media that only the provider has: a link, or an id of an uploaded file. */
const UNKNOWN_PAGES = 5;
const UNKNOWN_SECONDS = 60;

/** Tokens of a file of another type, such as a spreadsheet, of which providers read the text. */
const UNKNOWN_FILE_TOKENS = 1600;

/** Bytes of a text file per token: OpenAI's rule of thumb for English. */
const TEXT_BYTES_PER_TOKEN = 4;

/** Characters of a PDF that is searched at once. */
const LARGE_CHARS = 64 * 1024;

/**
 * The tokens of an image, a file, audio or video for a model, by formula: from its dimensions, pages or seconds, never from its text.
 * Never throws, whatever the data are.
 *
 * @returns a promise only for a large PDF
 */
export function mediaTokens(media: CountedMedia, family: ModelFamily): number | Promise<number> {
  const { data, detail } = media;
  const bytes = data.type === 'base64' ? new Base64Bytes(data.base64) : undefined;
  const kind = kindOf(media, bytes);
  switch (kind) {
    case 'image':
      return family.imageTokens(statedSize(media) ?? (bytes && imageSize(bytes)), detail);
    case 'pdf': {
      if (!bytes) return UNKNOWN_PAGES * family.pdfPageTokens;
      const isLarge = data.type === 'base64' && data.base64.length > LARGE_CHARS;
      if (!isLarge) return runToCompletion(pdfPages(bytes)) * family.pdfPageTokens;
      return runCooperatively(pdfPages(bytes)).then((pages) => pages * family.pdfPageTokens);
    }
    case 'audio':
      return Math.ceil(secondsOf(media, bytes) * family.audioTokensPerSecond);
    case 'video':
      return Math.ceil(secondsOf(media, bytes) * VIDEO_TOKENS_PER_SECOND);
    case 'text':
      return bytes ? Math.ceil(bytes.length / TEXT_BYTES_PER_TOKEN) : UNKNOWN_FILE_TOKENS;
    case 'other':
      return UNKNOWN_FILE_TOKENS;
  }
}

type MediaKind = 'image' | 'pdf' | 'audio' | 'video' | 'text' | 'other';

/** By the media type, or by the first bytes if the type says nothing. */
function kindOf(media: CountedMedia, bytes: Base64Bytes | undefined): MediaKind {
  const [mediaType = ''] = media.mediaType.toLowerCase().split(';', 1);
  const [type] = mediaType.split('/', 1);
  if (type === 'image' || type === 'audio' || type === 'video' || type === 'text') return type;
  if (mediaType === 'application/pdf') return 'pdf';
  if (/[/+](json|xml|yaml|javascript|sql)$/.test(mediaType)) return 'text';
  return bytes ? kindOfBytes(bytes) : 'other';
}

function kindOfBytes(bytes: Base64Bytes): MediaKind {
  const head = bytes.read(0, 12).toString('latin1');
  if (head.startsWith('%PDF')) return 'pdf';
  if (head.startsWith('ID3') || head.startsWith('fLaC') || head.startsWith('OggS') || head.endsWith('WAVE'))
    return 'audio';
  return imageSize(bytes) ? 'image' : 'other';
}

/** Most pixels along a side that are believed of what a part states. */
const MAX_PIXELS = 1_000_000;

function statedSize({ width, height }: CountedMedia): ImageSize | undefined {
  if (width === undefined || height === undefined) return undefined;
  return { width: Math.min(width, MAX_PIXELS), height: Math.min(height, MAX_PIXELS) };
}

function secondsOf({ mediaType }: CountedMedia, bytes: Base64Bytes | undefined): number {
  return bytes ? durationSeconds(mediaType, bytes) : UNKNOWN_SECONDS;
}
