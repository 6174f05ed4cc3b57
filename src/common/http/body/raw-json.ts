/** Texts of more UTF-16 units are processed in steps, so that other requests are served meanwhile. */
const LARGE_CHARS = 64 * 1024;

/**
 * A JSON value and the text it was parsed from, which preserves what parsing loses: key order and the spelling of
 * numbers.
 */
export class RawJson {
  constructor(
    readonly value: unknown,
    readonly text: string,
  ) {}

  get isLarge(): boolean {
    return this.text.length > LARGE_CHARS;
  }
}
