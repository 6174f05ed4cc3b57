import type { Base64Bytes } from './base64-bytes.js';

/** Longest audio or video: a header may state anything. Seconds. */
const MAX_SECONDS = 24 * 60 * 60;

/** Bytes per second of formats whose length is not read: a bit rate that is common for them. */
const BYTES_PER_SECOND: Readonly<Record<string, number>> = {
  // OpenAI's raw formats: 24 kHz, 16 bits, mono; and telephony.
  'audio/pcm16': 48_000,
  'audio/pcm': 48_000,
  'audio/l16': 48_000,
  'audio/g711_ulaw': 8000,
  'audio/g711_alaw': 8000,
};
const AUDIO_BYTES_PER_SECOND = 16_000; // 128 kbit/s
const VIDEO_BYTES_PER_SECOND = 250_000; // 2 Mbit/s

/**
 * The length of audio or video in seconds: exact for WAV, FLAC and MP4; for MP3, exact if all frames have the bit rate of the first
 * one; for other formats, the size divided by a common bit rate. It reads a few bytes, whatever the size.
 */
export function durationSeconds(mediaType: string, bytes: Base64Bytes): number {
  const head = bytes.read(0, 64);
  const seconds =
    wavSeconds(head, bytes) ?? mp4Seconds(head, bytes) ?? flacSeconds(head) ?? mp3Seconds(head, bytes);
  if (seconds !== undefined && Number.isFinite(seconds)) return Math.min(MAX_SECONDS, seconds);
  const rate = mediaType.startsWith('video/') ? VIDEO_BYTES_PER_SECOND : AUDIO_BYTES_PER_SECOND;
  return Math.min(MAX_SECONDS, bytes.length / (BYTES_PER_SECOND[mediaType] ?? rate));
}

/** Most chunks or boxes that are skipped on the way to the one that is looked for. */
const MAX_CHUNKS = 64;

/** RIFF: the chunk `fmt ` states the bytes per second, the chunk `data` has the samples. */
function wavSeconds(head: Buffer, bytes: Base64Bytes): number | undefined {
  if (head.toString('latin1', 0, 4) !== 'RIFF' || head.toString('latin1', 8, 12) !== 'WAVE') return undefined;
  let rate: number | undefined;
  for (let at = 12, chunks = 0; chunks < MAX_CHUNKS; chunks += 1) {
    const chunk = bytes.read(at, 20);
    if (chunk.length < 8) return undefined;
    const [id, size] = [chunk.toString('latin1', 0, 4), chunk.readUInt32LE(4)];
    if (id === 'fmt ' && chunk.length === 20) rate = chunk.readUInt32LE(16);
    // A stream states 0 or the greatest number.
    if (id === 'data') return rate ? Math.min(size || Infinity, bytes.length - at - 8) / rate : undefined;
    at += 8 + size + (size % 2);
  }
  return undefined;
}

/** MP4, M4A and QuickTime: the box `mvhd` in the box `moov`, which may be the last one. */
function mp4Seconds(head: Buffer, bytes: Base64Bytes): number | undefined {
  if (head.toString('latin1', 4, 8) !== 'ftyp') return undefined;
  const moov = boxAt(bytes, 0, 'moov');
  const mvhd = moov === undefined ? undefined : boxAt(bytes, moov + 8, 'mvhd');
  if (mvhd === undefined) return undefined;
  const box = bytes.read(mvhd + 8, 32);
  if (box.length < 32) return undefined;
  // Version 1 has times of 64 bits.
  const isLong = box[0] === 1;
  const timescale = box.readUInt32BE(isLong ? 20 : 12);
  const duration = isLong ? Number(box.readBigUInt64BE(24)) : box.readUInt32BE(16);
  return timescale > 0 ? duration / timescale : undefined;
}

/** Offset of the first box of a type, from an offset on. */
function boxAt(bytes: Base64Bytes, offset: number, type: string): number | undefined {
  for (let at = offset, boxes = 0; boxes < MAX_CHUNKS; boxes += 1) {
    const box = bytes.read(at, 16);
    if (box.length < 16) return undefined;
    if (box.toString('latin1', 4, 8) === type) return at;
    const size = box.readUInt32BE(0);
    at += size === 1 ? Number(box.readBigUInt64BE(8)) : size;
    if (size !== 1 && size < 8) return undefined;
  }
  return undefined;
}

/** FLAC: the first block states sample rate and number of samples. */
function flacSeconds(head: Buffer): number | undefined {
  if (head.toString('latin1', 0, 4) !== 'fLaC' || head.length < 26) return undefined;
  const rate = head.readUIntBE(18, 3) >>> 4;
  const samples = ((head[21] ?? 0) & 0x0f) * 2 ** 32 + head.readUInt32BE(22);
  return rate > 0 && samples > 0 ? samples / rate : undefined;
}

/** Kilobits per second of MPEG layer III by the index in the frame header: MPEG 1, and MPEG 2 and 2.5. */
const MPEG1_KBPS = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const MPEG2_KBPS = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];

/** MP3: the first frame after the tag states the bit rate. */
function mp3Seconds(head: Buffer, bytes: Base64Bytes): number | undefined {
  const start = head.toString('latin1', 0, 3) === 'ID3' ? 10 + syncSafe(head) : 0;
  const frame = bytes.read(start, 4);
  if (frame.length < 4 || frame[0] !== 0xff || ((frame[1] ?? 0) & 0xe6) !== 0xe2) return undefined;
  const isMpeg1 = ((frame[1] ?? 0) & 0x18) === 0x18;
  const kbps = (isMpeg1 ? MPEG1_KBPS : MPEG2_KBPS)[(frame[2] ?? 0) >>> 4];
  return kbps ? (bytes.length - start) / (kbps * 125) : undefined;
}

/** The size of an ID3 tag: four bytes of seven bits. */
function syncSafe(head: Buffer): number {
  return [6, 7, 8, 9].reduce((size, index) => size * 128 + ((head[index] ?? 0) & 0x7f), 0);
}
