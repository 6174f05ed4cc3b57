import type { Base64Bytes } from './base64-bytes.js';
import type { ImageSize } from './image-formulas.js';

/** Most segments of a JPEG before its dimensions; cameras write about ten. Each costs one read of a few bytes. */
const MAX_JPEG_SEGMENTS = 256;

/**
 * The dimensions of a PNG, JPEG, GIF or WebP image, the formats that all providers accept, from its first bytes and without decoding
 * it. Undefined for anything else, and for a header that is cut off or states no pixels.
 */
export function imageSize(bytes: Base64Bytes): ImageSize | undefined {
  const head = bytes.read(0, 32);
  const size =
    pngSize(head) ?? gifSize(head) ?? webpSize(head) ?? (isJpeg(head) ? jpegSize(bytes) : undefined);
  return size && size.width > 0 && size.height > 0 ? size : undefined;
}

function pngSize(head: Buffer): ImageSize | undefined {
  if (head.length < 24 || head.toString('latin1', 1, 8) !== 'PNG\r\n\x1a\n') return undefined;
  // Apple writes a chunk of 16 bytes before the header.
  const at = head.toString('latin1', 12, 16) === 'CgBI' ? 16 : 0;
  if (head.length < at + 24) return undefined;
  return { width: head.readUInt32BE(at + 16), height: head.readUInt32BE(at + 20) };
}

function gifSize(head: Buffer): ImageSize | undefined {
  if (head.length < 10 || !/^GIF8[79]a/.test(head.toString('latin1', 0, 6))) return undefined;
  return { width: head.readUInt16LE(6), height: head.readUInt16LE(8) };
}

function webpSize(head: Buffer): ImageSize | undefined {
  if (head.length < 30 || head.toString('latin1', 0, 4) !== 'RIFF') return undefined;
  switch (head.toString('latin1', 8, 16)) {
    case 'WEBPVP8 ':
      return { width: head.readUInt16LE(26) & 0x3fff, height: head.readUInt16LE(28) & 0x3fff };
    case 'WEBPVP8L': {
      const bits = head.readUInt32LE(21);
      return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
    }
    case 'WEBPVP8X':
      return { width: head.readUIntLE(24, 3) + 1, height: head.readUIntLE(27, 3) + 1 };
    default:
      return undefined;
  }
}

function isJpeg(head: Buffer): boolean {
  return head.length >= 4 && head[0] === 0xff && head[1] === 0xd8;
}

/** Skips from segment to segment: a photo may have megabytes of metadata before its dimensions. */
function jpegSize(bytes: Base64Bytes): ImageSize | undefined {
  for (let at = 2, segments = 0; segments < MAX_JPEG_SEGMENTS; segments += 1) {
    const segment = bytes.read(at, 9);
    if (segment.length < 9 || segment[0] !== 0xff) return undefined;
    const marker = segment[1] ?? 0;
    if (isFrameHeader(marker)) return { width: segment.readUInt16BE(7), height: segment.readUInt16BE(5) };
    // 0xff may be repeated before a marker. Markers without a length do not occur before the frame.
    at += marker === 0xff ? 1 : 2 + segment.readUInt16BE(2);
  }
  return undefined;
}

/** Start of frame: 0xc0 to 0xcf, except for three markers of tables. */
function isFrameHeader(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}
