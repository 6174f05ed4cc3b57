/** Texts of more UTF-16 units are read in stages, so that other requests are answered meanwhile. */
const LARGE_CHARS = 64 * 1024;

/** A JSON value together with the text it was sent as, which keeps what parsing loses: key order, number spelling. */
export class RawJson {
  constructor(
    readonly value: unknown,
    readonly text: string,
  ) {}

  get isLarge(): boolean {
    return this.text.length > LARGE_CHARS;
  }
}
