/** Characters from which the length of a line is read: MIME breaks base64 into lines of 76. */
const FIRST_LINE_CHARS = 256;

/**
 * The bytes that a base64 text stands for. Only the bytes that are read are decoded, at any position, so that the cost does not
 * depend on the length of the text. It never throws: text that is not base64 gives some bytes, or none.
 */
export class Base64Bytes {
  /** The number of bytes, exact unless the text has irregular white space. */
  readonly length: number;
  /** Characters per line, and those of a line break; no break in an ordinary text. */
  private readonly lineChars: number;
  private readonly breakChars: number;

  constructor(private readonly text: string) {
    const [lineBreak = ''] = /[\r\n]+/.exec(text.slice(0, FIRST_LINE_CHARS)) ?? [];
    this.breakChars = lineBreak.length;
    this.lineChars = lineBreak ? text.indexOf(lineBreak) : Infinity;
    const lines = Math.floor(text.length / (this.lineChars + this.breakChars));
    const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
    this.length = Math.max(0, Math.floor(((text.length - lines * this.breakChars) * 3) / 4) - padding);
  }

  /** Fewer bytes than `count` at the end, none beyond it. */
  read(offset: number, count: number): Buffer {
    if (offset < 0 || offset >= this.length || count <= 0) return Buffer.alloc(0);
    // Four characters are three bytes.
    const start = Math.floor(offset / 3);
    const end = Math.ceil(Math.min(this.length, offset + count) / 3);
    const chars = this.text.slice(this.position(4 * start), this.position(4 * end));
    const skipped = offset - 3 * start;
    return Buffer.from(chars, 'base64').subarray(skipped, skipped + count);
  }

  /** Where a character of the text is that has no line breaks. */
  private position(index: number): number {
    return index + Math.floor(index / this.lineChars) * this.breakChars;
  }
}
