import { arrayElements } from '../../json/json-scanner.js';
import { jsonValue } from '../../json/json-value.js';

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

  /** The JSON of an object that code of this process has made; a `RawJson` is returned as it is. */
  static of(value: object): RawJson {
    if (value instanceof RawJson) return value;
    const text = JSON.stringify(value);
    return new RawJson(jsonValue(text), text);
  }

  get isLarge(): boolean {
    return this.text.length > LARGE_CHARS;
  }

  /** The elements of an array, each with its own text. */
  elements(): RawJson[] {
    const values = this.value as unknown[];
    return arrayElements(this.text).map((text, index) => new RawJson(values[index], text));
  }
}
