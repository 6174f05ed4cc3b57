import { describe, expect, it } from '@jest/globals';
import { InvalidPayloadError } from '../common/errors/common.errors.js';
import { mergeMetadata, compactMetadata } from './metadata.js';

describe('compactMetadata', () => {
  it('keeps the text, except for white space between JSON tokens', () => {
    expect(compactMetadata('{ "b": 1.0,\n "10" : [ " a " ], "2": 12345678901234567890 }')).toBe(
      '{"b":1.0,"10":[" a "],"2":12345678901234567890}',
    );
  });

  it.each([
    ['one-byte characters', 'x', 65_536 - 8],
    ['two-byte characters', 'é', (65_536 - 8) / 2],
    ['four-byte characters', '😀', (65_536 - 8) / 4],
    ['escape sequences, counted as written', '\\n', (65_536 - 8) / 2],
  ])('accepts 64 KiB of %s, and not one character more', (_, letter, count) => {
    const text = `{"a":"${letter.repeat(count)}"}`;
    expect(Buffer.byteLength(text)).toBe(65_536);
    expect(compactMetadata(text)).toBe(text);
    expect(compactMetadata(` ${text} `)).toBe(text);
    expect(() => compactMetadata(`{"a":"${letter.repeat(count)}x"}`)).toThrow(InvalidPayloadError);
  });
});

describe('mergeMetadata', () => {
  it.each([
    ['adds new keys at the end', '{"a":1}', '{"b":2}', '{"a":1,"b":2}'],
    ['replaces a value without moving its key', '{"a":1,"b":2,"c":3}', '{"b":9}', '{"a":1,"b":9,"c":3}'],
    ['removes a key that is null', '{"a":1,"b":2}', '{"a":null}', '{"b":2}'],
    ['ignores the removal of a missing key', '{"a":1}', '{"b":null}', '{"a":1}'],
    [
      'replaces nested objects instead of merging them',
      '{"a":{"x":1,"y":2}}',
      '{"a":{"x":null}}',
      '{"a":{"x":null}}',
    ],
    ['distinguishes the string "null" from null', '{"a":1}', '{"a":"null"}', '{"a":"null"}'],
    ['changes nothing with an empty patch', '{"b":1.0,"1":2}', '{}', '{"b":1.0,"1":2}'],
    [
      'keeps the order of keys that look like array indexes',
      '{"b":1,"10":2}',
      '{"9":3,"10":4}',
      '{"b":1,"10":4,"9":3}',
    ],
    [
      'keeps the spelling of numbers',
      '{"a":1.0}',
      '{"b": 1E+2 ,"c":[ 0.10 ]}',
      '{"a":1.0,"b":1E+2,"c":[0.10]}',
    ],
    ['compares keys after decoding their escapes', '{"a":1}', '{"\\u0061":2}', '{"a":2}'],
    ['uses the last of two equal keys of the patch', '{"a":1}', '{"a":2,"a":null}', '{}'],
    ['uses the last of two equal stored keys', '{"a":1,"b":2,"a":3}', '{"c":4}', '{"a":3,"b":2,"c":4}'],
    [
      'treats __proto__ as an ordinary key',
      '{"__proto__":1}',
      '{"__proto__":{"x":1}}',
      '{"__proto__":{"x":1}}',
    ],
    ['removes __proto__', '{"__proto__":1,"a":1}', '{"__proto__":null}', '{"a":1}'],
    ['returns {} when the last key is removed', '{"a":1}', '{"a":null}', '{}'],
  ])('%s', (_, metadata, patch, merged) => expect(mergeMetadata(metadata, patch)).toBe(merged));
});
