import { describe, expect, it } from '@jest/globals';
import { flac, mp3, mp4, wav } from '../../../test/support/media-files.js';
import { Base64Bytes } from './base64-bytes.js';
import { durationSeconds } from './duration.js';

const secondsOf = (file: Buffer, mediaType = 'audio/*') =>
  durationSeconds(mediaType, new Base64Bytes(file.toString('base64')));

describe('durationSeconds', () => {
  it.each([
    ['WAV', wav(60), 60],
    ['WAV of another rate, with a chunk before the samples', wav(7, 44_100, 333), 7],
    ['MP3', mp3(60), 60],
    ['FLAC', flac(60), 60],
    ['MP4 whose index is at the end', mp4(90), 90],
  ])('is exact for %s', (_, file, seconds) => {
    expect(secondsOf(file)).toBeCloseTo(seconds, 5);
  });

  it('is the length of what is there, if a WAV header states more or nothing', () => {
    for (const stated of [0xffffffff, 0]) {
      const file = wav(5);
      file.writeUInt32LE(stated, 40);
      expect(secondsOf(file)).toBe(5);
    }
  });

  it('is the size by a common bit rate for other formats', () => {
    expect(secondsOf(Buffer.alloc(160_000), 'audio/ogg')).toBe(10);
    expect(secondsOf(Buffer.alloc(480_000), 'audio/pcm16')).toBe(10);
    expect(secondsOf(Buffer.alloc(2_500_000), 'video/webm')).toBe(10);
  });

  it('is at most a day', () => {
    const file = mp4(1);
    file.writeUInt32BE(0xffffffff, file.indexOf('mvhd') + 20);
    file.writeUInt32BE(1, file.indexOf('mvhd') + 16);
    expect(secondsOf(file)).toBe(86_400);
  });

  it('never throws for a file that is cut off or damaged', () => {
    for (const file of [
      wav(1, 100),
      mp3(1, 20).subarray(0, 300),
      flac(1),
      mp4(1).subarray(0, 100),
      mp4(1).subarray(-200),
    ])
      for (let length = 0; length <= file.length; length += 1) {
        expect(secondsOf(file.subarray(0, length))).toBeGreaterThanOrEqual(0);
        const damaged = Buffer.from(file);
        damaged.fill(0xff, length, Math.min(file.length, length + 4));
        expect(secondsOf(damaged)).toBeLessThanOrEqual(86_400);
      }
  });
});
