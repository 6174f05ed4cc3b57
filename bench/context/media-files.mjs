// Files of a known size, made without a library.
import { crc32, deflateSync } from 'node:zlib';
import { randomNumbers } from './random.mjs';

/** A PNG of 16 colours without a pattern: about `width × height ÷ 2` bytes. */
export function noisePng(width, height) {
  const random = randomNumbers(7);
  const rows = Array.from({ length: height }, () => [
    0, // no filter
    ...Array.from({ length: Math.ceil(width / 2) }, () => Math.floor(random() * 256)),
  ]);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([4, 0, 0, 0, 0], 8); // 4 bits of grey
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    pngChunk('IHDR', header),
    pngChunk('IDAT', deflateSync(Buffer.from(rows.flat()), { level: 0 })),
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
}

function pngChunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

/** A PDF with this many pages, each with the text. */
export function textPdf(pages, text) {
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '',
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
  ];
  const content = `BT /F1 10 Tf 40 800 Td 12 TL ${linesOf(text)} ET`;
  const kids = [];
  for (let page = 0; page < pages; page += 1) {
    const number = objects.length + 1;
    kids.push(`${number} 0 R`);
    objects.push(
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> /Contents ${number + 1} 0 R >>`,
      `<< /Length ${content.length} >>\nstream\n${content}\nendstream`,
    );
  }
  objects[1] = `<< /Type /Pages /Kids [${kids.join(' ')}] /Count ${pages} >>`;
  return Buffer.from(pdfOf(objects), 'latin1');
}

function linesOf(text) {
  return text
    .replaceAll(/[()\\]/g, ' ')
    .match(/.{1,95}(?:\s|$)/gs)
    .map((line) => `(${line.trim()}) Tj T*`)
    .join(' ');
}

function pdfOf(objects) {
  let pdf = '%PDF-1.4\n';
  const offsets = objects.map((object, index) => {
    const offset = pdf.length;
    pdf += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return `${String(offset).padStart(10, '0')} 00000 n \n`;
  });
  const count = objects.length + 1;
  const table = `xref\n0 ${count}\n0000000000 65535 f \n${offsets.join('')}`;
  return `${pdf}${table}trailer\n<< /Size ${count} /Root 1 0 R >>\nstartxref\n${pdf.length}\n%%EOF\n`;
}

/** A WAV file: 8,000 samples a second of 16 bits, one channel. */
export function noiseWav(seconds) {
  const random = randomNumbers(9);
  const samples = Buffer.from(Array.from({ length: seconds * 16_000 }, () => Math.floor(random() * 256)));
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.writeUInt32LE(36 + samples.length, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20); // PCM
  header.writeUInt16LE(1, 22); // one channel
  header.writeUInt32LE(8_000, 24);
  header.writeUInt32LE(16_000, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36);
  header.writeUInt32LE(samples.length, 40);
  return Buffer.concat([header, samples]);
}
