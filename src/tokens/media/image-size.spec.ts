import { describe, expect, it } from '@jest/globals';
import { gif, jpeg, png, webp } from '../../../test/support/media-files.js';
import { Base64Bytes } from './base64-bytes.js';
import { imageSize } from './image-size.js';

const sizeOf = (file: Buffer) => imageSize(new Base64Bytes(file.toString('base64')));

describe('imageSize', () => {
  it.each([
    ['PNG', png(1920, 1080)],
    ['GIF', gif(1920, 1080)],
    ['JPEG', jpeg(1920, 1080)],
    ['progressive JPEG', jpeg(1920, 1080, 0, 0xc2)],
    ['JPEG behind 3 MB of metadata', jpeg(1920, 1080, 3_000_000)],
    ['lossy WebP', webp(1920, 1080, 'VP8 ')],
    ['lossless WebP', webp(1920, 1080, 'VP8L')],
    ['extended WebP', webp(1920, 1080, 'VP8X')],
  ])('reads the dimensions of a %s', (_, file) => {
    expect(sizeOf(file)).toEqual({ width: 1920, height: 1080 });
  });

  it('reads base64 that is broken into lines, and base64 of URLs', () => {
    const file = jpeg(640, 480, 100_000);
    for (const lineBreak of ['\n', '\r\n']) {
      const lines = file.toString('base64').replace(/.{76}/g, `$&${lineBreak}`);
      expect(imageSize(new Base64Bytes(lines))).toEqual({ width: 640, height: 480 });
    }
    expect(imageSize(new Base64Bytes(file.toString('base64url')))).toEqual({ width: 640, height: 480 });
  });

  it.each([
    ['a header without pixels', png(0, 0)],
    ['something else', Buffer.from('Lorem ipsum dolor sit amet, consectetur')],
    ['nothing', Buffer.alloc(0)],
    ['zeros', Buffer.alloc(1000)],
    [
      'a JPEG of segments without end',
      Buffer.concat([Buffer.from([0xff, 0xd8]), Buffer.alloc(3_000_000, 0xff)]),
    ],
    ['a JPEG whose segments are empty', Buffer.from(`ffd8${'ffe10000'.repeat(10_000)}`, 'hex')],
  ])('knows no dimensions of %s', (_, file) => {
    expect(sizeOf(file)).toBeUndefined();
  });

  it('never throws for a file that is cut off, nor for random bytes behind its signature', () => {
    let seed = 1;
    const random = () => (seed = (seed * 48_271) % 2_147_483_647) & 255;
    for (const file of [
      png(9, 9),
      gif(9, 9),
      jpeg(9, 9, 50),
      webp(9, 9, 'VP8 '),
      webp(9, 9, 'VP8L'),
      webp(9, 9, 'VP8X'),
    ])
      for (let length = 0; length <= file.length; length += 1) {
        sizeOf(file.subarray(0, length));
        sizeOf(Buffer.concat([file.subarray(0, length), Buffer.from(Array.from({ length: 64 }, random))]));
      }
  });
});
