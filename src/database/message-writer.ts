const INITIAL_BYTES = 8 * 1024;
/** Up to this size, a buffer is kept for the next messages, in bytes. */
const MAX_KEPT_BYTES = 256 * 1024;
/** Up to this length, a text gets the space of its longest UTF-8 form. The bytes of a longer text are counted first. */
const MAX_UNCOUNTED_LENGTH = 4096;
const MAX_BYTES_PER_UNIT = 3;
const LENGTH_BYTES = 4;

/** Writes messages of PostgreSQL's protocol one after the other into one buffer. */
export class MessageWriter {
  private buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  private size = 0;

  /** Begins a message. @param type its first byte @returns to be passed to `endMessage` */
  beginMessage(type: string): number {
    this.reserve(1);
    this.buffer[this.size++] = type.charCodeAt(0);
    return this.beginValue();
  }

  /** Writes the length of the message, which includes the length itself. */
  endMessage(start: number): void {
    this.buffer.writeInt32BE(this.size - start, start);
  }

  /** Begins a value whose length precedes it. @returns to be passed to `endValue` */
  beginValue(): number {
    const start = this.size;
    this.int32(0);
    return start;
  }

  endValue(start: number): void {
    this.buffer.writeInt32BE(this.size - start - LENGTH_BYTES, start);
  }

  int16(value: number): void {
    this.reserve(2);
    this.size = this.buffer.writeInt16BE(value, this.size);
  }

  /** @throws RangeError not an integer of 32 bits */
  int32(value: number): void {
    if (value !== (value | 0)) throw new RangeError(`${value} is not an integer of 32 bits`);
    this.reserve(4);
    this.size = this.buffer.writeInt32BE(value, this.size);
  }

  /** @throws RangeError not a safe integer */
  int64(value: number): void {
    if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is not a safe integer`);
    this.reserve(8);
    this.size = this.buffer.writeInt32BE(Math.floor(value / 2 ** 32), this.size);
    this.size = this.buffer.writeUInt32BE(value >>> 0, this.size);
  }

  /** A text that ends with a null byte. */
  cString(text: string): void {
    this.utf8(text);
    this.reserve(1);
    this.buffer[this.size++] = 0;
  }

  /** A text as a value. */
  text(text: string): void {
    const start = this.beginValue();
    this.utf8(text);
    this.endValue(start);
  }

  /** @returns a copy of what was written */
  bytes(): Buffer {
    return Buffer.from(this.buffer.subarray(0, this.size));
  }

  /** Forgets what was written. */
  reset(): void {
    this.size = 0;
    if (this.buffer.length > MAX_KEPT_BYTES) this.buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  }

  private utf8(text: string): void {
    this.reserve(
      text.length > MAX_UNCOUNTED_LENGTH ? Buffer.byteLength(text) : MAX_BYTES_PER_UNIT * text.length,
    );
    this.size += this.buffer.write(text, this.size);
  }

  private reserve(bytes: number): void {
    const needed = this.size + bytes;
    if (needed <= this.buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.buffer.length));
    this.buffer.copy(larger, 0, 0, this.size);
    this.buffer = larger;
  }
}
