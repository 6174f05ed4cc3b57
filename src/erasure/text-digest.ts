import { createHash } from 'node:crypto';

/** Counts and hashes texts one after the other: SHA-256 of all of them, each followed by a line feed. */
export class TextDigest {
  /** How many were added. */
  texts = 0;
  /** Of these texts in UTF-8, without the line feeds. */
  bytes = 0;
  private readonly hash = createHash('sha256');

  add(text: string): void {
    this.texts += 1;
    this.bytes += Buffer.byteLength(text);
    this.hash.update(text).update('\n');
  }

  /** @returns hexadecimal digits; nothing can be added afterwards */
  end(): string {
    return this.hash.digest('hex');
  }
}
