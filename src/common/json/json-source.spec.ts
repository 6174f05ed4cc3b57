import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseWithSource, stringifyWithSource } from './json-source.js';

describe('parseWithSource', () => {
  it('writes members and their elements as they were spelled', () => {
    const text =
      '{"parts":[{"2":1.0,"1":12345678901234567890,"a":"\\u00e9"},"\\u0041"],"meta":{"b":-0,"b":1e2},"n":1.50}';
    const value = parseWithSource(text);
    const [part] = value.parts as unknown[];
    expect(stringifyWithSource({ first: part, all: value.parts, meta: value.meta, n: value.n })).toBe(
      '{"first":{"2":1.0,"1":12345678901234567890,"a":"\\u00e9"},' +
        '"all":[{"2":1.0,"1":12345678901234567890,"a":"\\u00e9"},"\\u0041"],"meta":{"b":-0,"b":1e2},"n":1.50}',
    );
  });

  it('reads the last of duplicate keys', () => {
    const value = parseWithSource('{"a":null,"b":[1.0],"a":[{"x":1.0}],"b":{"y":1.0}}');
    expect(stringifyWithSource(value)).toBe('{"a":[{"x":1.0}],"b":{"y":1.0}}');
  });

  it('keeps the spelling of numbers in values that are built anew', () => {
    const { parts } = parseWithSource('{"parts":[{"input":{"id":12345678901234567890,"x":[1.0]}}]}') as {
      parts: [{ input: { id: unknown; x: unknown } }];
    };
    const { id, x } = parts[0].input;
    expect(stringifyWithSource({ args: { ...parts[0].input, added: 1 }, id, x })).toBe(
      '{"args":{"id":12345678901234567890,"x":[1.0],"added":1},"id":12345678901234567890,"x":[1.0]}',
    );
    expect(JSON.stringify(parts[0].input)).toBe('{"id":12345678901234567890,"x":[1.0]}');
  });

  it('is JSON.parse and JSON.stringify for text that JavaScript would write itself', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const text = JSON.stringify(value);
        const parsed = parseWithSource(text);
        expect(parsed).toEqual(JSON.parse(text));
        expect(stringifyWithSource({ parsed, gone: undefined })).toBe(JSON.stringify({ parsed }));
      }),
      { numRuns: 300 },
    );
  });
});
