import { deflateSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { compressedPdf, linearizedPdf, pdf } from '../../../test/support/media-files.js';
import { runToCompletion } from '../../common/cooperative-task.js';
import { Base64Bytes } from './base64-bytes.js';
import { pdfPages } from './pdf-pages.js';

const pagesOf = (file: Buffer) => runToCompletion(pdfPages(new Base64Bytes(file.toString('base64'))));

describe('pdfPages', () => {
  it.each([
    ['page tree', pdf(10)],
    ['page tree behind an image of 3 MB', pdf(10, 3_000_000)],
    ['compressed page tree', compressedPdf(10)],
    ['header for the web', linearizedPdf(10)],
  ])('reads the pages of a %s', (_, file) => {
    expect(pagesOf(file)).toBe(10);
  });

  it('finds a page tree at any place between the windows that are searched', () => {
    for (let padding = 257_000; padding < 263_000; padding += 97) expect(pagesOf(pdf(3, padding))).toBe(3);
  });

  it('counts page objects if there is no page tree, each once', () => {
    const file = pdf(80, 259_000).toString('latin1').replace('/Type /Pages', '/Type /Trees');
    expect(pagesOf(Buffer.from(file, 'latin1'))).toBe(80);
  });

  it('assumes a page per 50 kB if it finds nothing, and at least one', () => {
    expect(pagesOf(Buffer.alloc(500_000, 'x'))).toBe(10);
    expect(pagesOf(Buffer.alloc(0))).toBe(1);
  });

  it('believes at most 5,000 pages', () => {
    const file = pdf(1).toString('latin1').replace('/Count 1', '/Count 999999999');
    expect(pagesOf(Buffer.from(file, 'latin1'))).toBe(5000);
  });

  it('takes little time for hostile files', () => {
    const bomb = deflateSync(Buffer.alloc(64 * 1024 * 1024));
    const stream = Buffer.concat([Buffer.from('<< /Type /ObjStm >>\nstream\n'), bomb]);
    const files = [
      Buffer.from('/Type /Pages '.repeat(300_000)),
      Buffer.from('/Type /Page '.repeat(300_000)),
      Buffer.from('/ObjStm stream\n'.repeat(300_000)),
      Buffer.concat(Array.from({ length: 60 }, () => stream)),
      Buffer.from('/Linearized '.repeat(300_000)),
    ];
    for (const file of files) expect(stepsOf(file)).toBeLessThan(400);
  });
});

/** The steps of the search: each decodes, searches or decompresses at most so many bytes. */
function stepsOf(file: Buffer): number {
  let steps = 0;
  for (const _ of pdfPages(new Base64Bytes(file.toString('base64')))) steps += 1;
  return steps;
}
