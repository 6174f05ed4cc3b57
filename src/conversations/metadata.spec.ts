import { describe, expect, it } from '@jest/globals';
import { InvalidPayloadError } from '../common/errors/common.errors.js';
import { mergeMetadata, compactMetadata } from './metadata.js';

describe('compactMetadata', () => {
  it('keeps the text but for white space between its tokens', () => {
    expect(compactMetadata('{ "b": 1.0,\n "10" : [ " a " ], "2": 12345678901234567890 }')).toBe(
      '{"b":1.0,"10":[" a "],"2":12345678901234567890}',
    );
  });

  it.each([
    ['letters of one byte', 'x', 65_536 - 8],
    ['letters of two bytes', 'é', (65_536 - 8) / 2],
    ['letters of four bytes', '😀', (65_536 - 8) / 4],
    ['escapes, as they are spelt', '\\n', (65_536 - 8) / 2],
  ])('takes 64 KiB and not a letter more: %s', (_, letter, count) => {
    const text = `{"a":"${letter.repeat(count)}"}`;
    expect(Buffer.byteLength(text)).toBe(65_536);
    expect(compactMetadata(text)).toBe(text);
    expect(compactMetadata(` ${text} `)).toBe(text);
    expect(() => compactMetadata(`{"a":"${letter.repeat(count)}x"}`)).toThrow(InvalidPayloadError);
  });
});

describe('mergeMetadata', () => {
  it.each([
    ['adds behind what is there', '{"a":1}', '{"b":2}', '{"a":1,"b":2}'],
    ['replaces in place', '{"a":1,"b":2,"c":3}', '{"b":9}', '{"a":1,"b":9,"c":3}'],
    ['takes away what is null', '{"a":1,"b":2}', '{"a":null}', '{"b":2}'],
    ['takes away what is not there', '{"a":1}', '{"b":null}', '{"a":1}'],
    ['goes one level deep', '{"a":{"x":1,"y":2}}', '{"a":{"x":null}}', '{"a":{"x":null}}'],
    ['does not take the string for the value', '{"a":1}', '{"a":"null"}', '{"a":"null"}'],
    ['changes nothing for an empty patch', '{"b":1.0,"1":2}', '{}', '{"b":1.0,"1":2}'],
    [
      'keeps the order of keys that look like indices',
      '{"b":1,"10":2}',
      '{"9":3,"10":4}',
      '{"b":1,"10":4,"9":3}',
    ],
    ['keeps spellings', '{"a":1.0}', '{"b": 1E+2 ,"c":[ 0.10 ]}', '{"a":1.0,"b":1E+2,"c":[0.10]}'],
    ['knows a key by its value, however spelt', '{"a":1}', '{"\\u0061":2}', '{"a":2}'],
    ['lets the last of two equal keys count', '{"a":1}', '{"a":2,"a":null}', '{}'],
    ['lets the last of two equal keys there count', '{"a":1,"b":2,"a":3}', '{"c":4}', '{"a":3,"b":2,"c":4}'],
    ['takes __proto__ for a key', '{"__proto__":1}', '{"__proto__":{"x":1}}', '{"__proto__":{"x":1}}'],
    ['takes __proto__ away', '{"__proto__":1,"a":1}', '{"__proto__":null}', '{"a":1}'],
    ['may leave nothing', '{"a":1}', '{"a":null}', '{}'],
  ])('%s', (_, metadata, patch, merged) => expect(mergeMetadata(metadata, patch)).toBe(merged));
});
