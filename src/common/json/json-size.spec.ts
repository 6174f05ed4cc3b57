import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { JsonSize, MAX_JSON_MEMBERS, MAX_JSON_VALUES } from './json-size.js';

function isTooLarge(text: string, chunkBytes = Infinity): boolean {
  const bytes = Buffer.from(text);
  const size = new JsonSize();
  for (let start = 0; start < bytes.length; start += chunkBytes)
    size.add(bytes.subarray(start, start + chunkBytes));
  return size.isTooLarge;
}

const list = (item: string, count: number) => `[${Array(count).fill(item).join(',')}]`;
const object = (count: number) => `{${Array.from({ length: count }, (_, n) => `"${n}":1`).join(',')}}`;

describe('JsonSize', () => {
  it('accepts the maximum number of values and members, and no more', () => {
    expect(isTooLarge(list('1', MAX_JSON_VALUES - 1))).toBe(false); // the list is a value too
    expect(isTooLarge(list('1', MAX_JSON_VALUES))).toBe(true);
    expect(isTooLarge(list(' [ ] ', MAX_JSON_VALUES - 1))).toBe(false);
    expect(isTooLarge(list('{}', MAX_JSON_VALUES))).toBe(true);
    expect(isTooLarge(list('[1]', MAX_JSON_VALUES / 2))).toBe(true);
    expect(isTooLarge(list('[1]', MAX_JSON_VALUES / 2 - 1))).toBe(false);
    expect(isTooLarge(object(MAX_JSON_MEMBERS))).toBe(false);
    expect(isTooLarge(object(MAX_JSON_MEMBERS + 1))).toBe(true);
  });

  it('counts nothing inside strings, even with escapes', () => {
    const inside = String.raw`,:[{\"\\`.repeat(MAX_JSON_VALUES);
    expect(isTooLarge(`{"text":"${inside}"}`)).toBe(false);
    expect(isTooLarge(`{"text":"${inside}","list":${list('{}', MAX_JSON_VALUES)}}`)).toBe(true);
  });

  it('returns the same result for any split into chunks', () => {
    const text = String.raw`{"a,\\":["\",:",{"é\\\"":1}],"中":",,"}`;
    const most = list(text, Math.floor(MAX_JSON_MEMBERS / 3));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), (chunkBytes) => {
        expect(isTooLarge(most, chunkBytes)).toBe(false);
        expect(isTooLarge(`{"x":1,"y":1,"z":1,"all":${most}}`, chunkBytes)).toBe(true);
      }),
      { numRuns: 5 },
    );
  });
});
