import { deflateSync } from 'node:zlib';

/*
 * The smallest files of their formats that state what the service reads of them. Each is built as its specification says, by other
 * code than the one that reads it.
 */

const bytes = (...values: number[]) => Buffer.from(values);
const ascii = (text: string) => Buffer.from(text, 'latin1');
const be32 = (value: number) => bytes(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);
const be16 = (value: number) => bytes((value >>> 8) & 255, value & 255);
const le16 = (value: number) => be16(value).reverse();
const le24 = (value: number) => Buffer.from(be32(value).subarray(1)).reverse();
const le32 = (value: number) => Buffer.from(be32(value)).reverse();

export function png(width: number, height: number): Buffer {
  const header = Buffer.concat([
    be32(13),
    ascii('IHDR'),
    be32(width),
    be32(height),
    bytes(8, 6, 0, 0, 0),
    be32(0),
  ]);
  return Buffer.concat([
    bytes(0x89),
    ascii('PNG\r\n\x1a\n'),
    header,
    be32(0),
    ascii('IEND'),
    be32(0xae426082),
  ]);
}

export function gif(width: number, height: number): Buffer {
  return Buffer.concat([ascii('GIF89a'), le16(width), le16(height), bytes(0, 0, 0, 0x3b)]);
}

/** @param metadataBytes length of the segments before the dimensions: cameras write there */
export function jpeg(width: number, height: number, metadataBytes = 0, marker = 0xc0): Buffer {
  const segments: Buffer[] = [];
  for (let left = metadataBytes; left > 0; left -= 60_000) {
    const size = Math.min(left, 60_000);
    segments.push(bytes(0xff, 0xe1), be16(size + 2), Buffer.alloc(size, 0xff));
  }
  const frame = Buffer.concat([
    bytes(0xff, marker),
    be16(17),
    bytes(8),
    be16(height),
    be16(width),
    bytes(3, 1, 17, 0),
  ]);
  const tables = Buffer.concat([bytes(0xff, 0xc4), be16(6), bytes(1, 2, 3, 4)]);
  return Buffer.concat([bytes(0xff, 0xd8), ...segments, tables, frame, Buffer.alloc(8), bytes(0xff, 0xd9)]);
}

export function webp(width: number, height: number, form: 'VP8 ' | 'VP8L' | 'VP8X'): Buffer {
  const bodies = {
    'VP8 ': () => Buffer.concat([bytes(0x30, 1, 0, 0x9d, 1, 0x2a), le16(width), le16(height)]),
    VP8L: () => Buffer.concat([bytes(0x2f), le32((width - 1) | ((height - 1) << 14)), Buffer.alloc(5)]),
    VP8X: () => Buffer.concat([bytes(0x10, 0, 0, 0), le24(width - 1), le24(height - 1)]),
  };
  const body = bodies[form]();
  return Buffer.concat([
    ascii('RIFF'),
    le32(body.length + 12),
    ascii(`WEBP${form}`),
    le32(body.length),
    body,
  ]);
}

/** 16 bits, mono. @param listBytes length of a chunk before the samples */
export function wav(seconds: number, rate = 16_000, listBytes = 0): Buffer {
  const samples = Buffer.alloc(seconds * rate * 2);
  const format = [ascii('fmt '), le32(16), le16(1), le16(1), le32(rate), le32(rate * 2), le16(2), le16(16)];
  const list = listBytes ? [ascii('LIST'), le32(listBytes), Buffer.alloc(listBytes + (listBytes % 2))] : [];
  const body = Buffer.concat([
    ascii('WAVE'),
    ...format,
    ...list,
    ascii('data'),
    le32(samples.length),
    samples,
  ]);
  return Buffer.concat([ascii('RIFF'), le32(body.length), body]);
}

/** MPEG 1, layer III, constant bit rate of 128 kbit/s, behind a tag. */
export function mp3(seconds: number, tagBytes = 300): Buffer {
  const size = bytes(0, 0, tagBytes >>> 7, tagBytes & 127);
  const tag = Buffer.concat([ascii('ID3'), bytes(4, 0, 0), size, Buffer.alloc(tagBytes)]);
  const frames = Buffer.alloc(seconds * 16_000);
  frames.set([0xff, 0xfb, 0x90, 0x00]);
  return Buffer.concat([tag, frames]);
}

export function flac(seconds: number, rate = 44_100): Buffer {
  const samples = seconds * rate;
  const rateAndSize = bytes(
    (rate >>> 12) & 255,
    (rate >>> 4) & 255,
    ((rate & 15) << 4) | 2,
    0xf0,
    ...be32(samples),
  );
  return Buffer.concat([
    ascii('fLaC'),
    bytes(0x80, 0, 0, 34),
    Buffer.alloc(10),
    rateAndSize,
    Buffer.alloc(16),
  ]);
}

function box(type: string, ...contents: Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  return Buffer.concat([be32(content.length + 8), ascii(type), content]);
}

/** The index of the film is behind its data, as recorders write it. */
export function mp4(seconds: number): Buffer {
  const header = box('mvhd', be32(0), be32(0), be32(0), be32(1000), be32(seconds * 1000), Buffer.alloc(80));
  const film = box('moov', header, box('trak', Buffer.alloc(8)));
  return Buffer.concat([box('ftyp', ascii('isom'), be32(0)), box('mdat', Buffer.alloc(50_000)), film]);
}

const pageObjects = (pages: number) =>
  Array.from(
    { length: pages },
    (_, index) => `${index + 3} 0 obj\n<< /Type /Page /Parent 2 0 R >>\nendobj\n`,
  );

/** As most programs write it: one page tree. @param padding bytes of a stream, such as an image, before the page tree */
export function pdf(pages: number, padding = 0): Buffer {
  const tree = `2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count ${pages} >>\nendobj\n`;
  const image = `1 0 obj\n<< /Length ${padding} >>\nstream\n${'x'.repeat(padding)}\nendstream\nendobj\n`;
  return ascii(
    ['%PDF-1.4\n', image, ...pageObjects(pages), tree, 'trailer\n<< /Root 1 0 R >>\n%%EOF'].join(''),
  );
}

/** As LaTeX writes it: the page tree is compressed. Other trees and outlines have counts too. */
export function compressedPdf(pages: number): Buffer {
  const objects =
    `<</Count 99/Type/Outlines>><</Count 4/Type/Pages/Kids[3 0 R]>>` +
    `<</Type/Pages/Kids[4 0 R]/Count ${pages}>><</Type/Page>>`;
  const data = deflateSync(ascii(`3 0 4 40 ${objects}`));
  const dictionary = `7 0 obj\n<< /Type /ObjStm /N 4 /First 9 /Filter /FlateDecode /Length ${data.length} >>\nstream\n`;
  return Buffer.concat([ascii('%PDF-1.5\n'), ascii(dictionary), data, ascii('\nendstream\nendobj\n%%EOF')]);
}

/** As it is written for the web: its first object states the pages. */
export function linearizedPdf(pages: number): Buffer {
  return ascii(
    `%PDF-1.5\n1 0 obj\n<< /Linearized 1 /L 9000 /H [ 1 2 ] /O 3 /E 4 /N ${pages} /T 5 >>\nendobj\n${'x'.repeat(8000)}`,
  );
}
