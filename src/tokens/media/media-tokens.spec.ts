import { describe, expect, it } from '@jest/globals';
import type { CountedMedia } from '@fastpaca/messages';
import { gif, jpeg, mp3, mp4, pdf, png, wav, webp } from '../../../test/support/media-files.js';
import { familyOf } from '../model-families.js';
import { Base64Bytes } from './base64-bytes.js';
import { durationSeconds } from './duration.js';
import { imageSize } from './image-size.js';
import { mediaTokens } from './media-tokens.js';

const media = (mediaType: string, file: Buffer, fields: Partial<CountedMedia> = {}): CountedMedia => ({
  mediaType,
  data: { type: 'base64', base64: file.toString('base64') },
  ...fields,
});
const link = (mediaType: string): CountedMedia => ({
  mediaType,
  data: { type: 'url', url: 'https://example.com/x' },
});
const uploaded = (mediaType: string): CountedMedia => ({
  mediaType,
  data: { type: 'file-id', fileId: 'file_1' },
});
const tokens = (each: CountedMedia, model: string | null = null) => mediaTokens(each, familyOf(model));

describe('mediaTokens', () => {
  it.each([
    [png(1024, 1024), 'image/png'],
    [jpeg(1024, 1024, 400_000), 'image/jpeg'],
    [gif(1024, 1024), 'image/*'],
    [webp(1024, 1024, 'VP8X'), 'image/webp'],
    [png(1024, 1024), 'application/octet-stream'],
  ])('counts an image by its dimensions and the formula of the model', (file, type) => {
    const counts = [
      null,
      'gpt-4o',
      'gpt-5',
      'gpt-5-mini',
      'claude-opus-4-5',
      'gemini-2.5-pro',
      'gemini-3-pro',
    ].map((model) => tokens(media(type, file), model));
    expect(counts).toEqual([765, 765, 630, 1659, 37 * 37, 4 * 258, 1120]);
  });

  it('respects the detail and the dimensions that a part states', () => {
    expect(tokens(media('image/png', png(4096, 4096), { detail: 'low' }))).toBe(85);
    expect(tokens(media('image/png', png(4096, 4096), { detail: 'auto' }))).toBe(765);
    expect(tokens(media('image/png', png(4096, 4096), { width: 512, height: 512 }))).toBe(255);
    expect(tokens({ ...link('image/*'), width: 512, height: 512 })).toBe(255);
    expect(tokens({ ...link('image/*'), detail: 'low' })).toBe(85);
    for (const model of ['gpt-4o', 'gpt-5-mini', 'claude-opus-5', 'gemini-2.5-pro'])
      for (const side of [1e-9, 1e308]) {
        const count = tokens({ ...link('image/*'), width: side, height: side }, model);
        expect(count).toBeGreaterThan(0);
        expect(count).toBeLessThan(5000);
      }
  });

  it.each([
    ['gpt-4o', 10 * (500 + 765)],
    ['claude-opus-4-5', 10 * 2250],
    ['gemini-2.5-pro', 10 * 258],
    ['gemini-3-pro', 10 * 560],
  ])('counts a PDF of 10 pages for %s', async (model, expected) => {
    expect(tokens(media('application/pdf', pdf(10)), model)).toBe(expected);
    const large = tokens(media('application/octet-stream', pdf(10, 500_000)), model);
    expect(large).toBeInstanceOf(Promise);
    expect(await large).toBe(expected);
  });

  it.each([
    ['WAV', media('audio/wav', wav(60))],
    ['MP3', media('audio/mpeg', mp3(60))],
    ['audio of unknown type', media('application/octet-stream', mp3(60))],
  ])('counts a minute of %s', (_, each) => {
    expect([tokens(each, 'gpt-4o'), tokens(each, 'gemini-2.5-pro')]).toEqual([600, 1920]);
  });

  it('counts a minute of video', () => {
    expect(tokens(media('video/mp4', mp4(60)), 'gemini-2.5-pro')).toBe(60 * 263);
  });

  it('counts a text file by its size', () => {
    expect(tokens(media('text/csv', Buffer.alloc(4000, 'x')))).toBe(1000);
    expect(tokens(media('application/json', Buffer.alloc(4000, 'x')))).toBe(1000);
    expect(tokens(media('Application/LD+JSON; charset=utf-8', Buffer.alloc(4000, 'x')))).toBe(1000);
  });

  it.each([
    ['image', 'image/*', 1600],
    ['PDF', 'application/pdf', 5 * 1265],
    ['audio', 'audio/mpeg', 600],
    ['video', 'video/mp4', 60 * 263],
    ['text', 'text/plain', 1600],
    ['file', 'application/octet-stream', 1600],
  ])('assumes a constant for a link to, and an id of, an unknown %s', (_, type, expected) => {
    expect([tokens(link(type)), tokens(uploaded(type))]).toEqual([expected, expected]);
  });

  it('assumes a constant for data that say nothing', () => {
    const noise = Buffer.alloc(6_000_000, 'not an image, ');
    expect(tokens(media('image/png', noise))).toBe(1600);
    expect(tokens(media('application/octet-stream', noise))).toBe(1600);
    for (const text of ['', '=', '!!!!', 'a', '\n'.repeat(500), '\u0000'.repeat(50), '😀'.repeat(100)])
      for (const type of ['image/png', 'application/pdf', 'audio/wav', 'video/mp4', 'text/plain', 'x'])
        expect(tokens({ mediaType: type, data: { type: 'base64', base64: text } })).toBeGreaterThanOrEqual(0);
  });
});

/** Counts what is decoded. */
class CountingBytes extends Base64Bytes {
  decoded = 0;

  override read(offset: number, count: number): Buffer {
    const bytes = super.read(offset, count);
    this.decoded += bytes.length;
    return bytes;
  }
}

describe('what is decoded of 6 MB', () => {
  const hostile = [
    Buffer.alloc(6_000_000, 'not an image, '),
    Buffer.alloc(6_000_000, 0xff),
    Buffer.concat([Buffer.from([0xff, 0xd8]), Buffer.alloc(6_000_000, 0xff)]),
    Buffer.concat([Buffer.from('ffd8', 'hex'), Buffer.from('ffe10002'.repeat(1_500_000), 'hex')]),
    jpeg(100, 100, 6_000_000),
    Buffer.concat([mp4(1).subarray(0, 20), Buffer.from('00000008free'.repeat(500_000))]),
    Buffer.concat([wav(1).subarray(0, 36), Buffer.from('LIST\u0000\u0000\u0000\u0000'.repeat(750_000))]),
  ];

  it.each(hostile.map((file, index) => [index, file] as const))(
    'is at most a few kilobytes: file %d',
    (_, file) => {
      const bytes = new CountingBytes(file.toString('base64'));
      imageSize(bytes);
      durationSeconds('audio/*', bytes);
      expect(bytes.decoded).toBeLessThan(8000);
    },
  );
});

describe('Base64Bytes', () => {
  const file = Buffer.from(Array.from({ length: 1000 }, (_, index) => index & 255));

  it.each([998, 999, 1000])('reads any bytes of a text of %d bytes, with and without lines', (length) => {
    const part = file.subarray(0, length);
    const text = part.toString('base64');
    for (const each of [
      text,
      text.replace(/.{76}/g, '$&\r\n'),
      text.replace(/.{64}/g, '$&\n'),
      text.replace(/=+$/, ''),
    ]) {
      const bytes = new Base64Bytes(each);
      expect(bytes.length).toBe(length);
      for (const [offset, count] of [
        [0, 10],
        [1, 1],
        [500, 77],
        [length - 3, 10],
        [0, 5000],
        [length, 1],
      ] as const)
        expect(bytes.read(offset, count)).toEqual(part.subarray(offset, offset + count));
    }
  });

  it('reads nothing outside of the text', () => {
    const bytes = new Base64Bytes(file.toString('base64'));
    for (const offset of [-1, 1000, 2 ** 40, Infinity, NaN]) expect(bytes.read(offset, 4)).toHaveLength(0);
  });
});
