import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { faultPosition } from './json-fault.js';
import { InvalidJsonError, MAX_JSON_DEPTH, parseJson } from './parse-json.js';

const BODY_BYTES = 8 * 1024 * 1024; // the default limit of a body

function parse(text: string) {
  return parseJson(Buffer.from(text));
}

function refusal(body: Buffer | string): string {
  try {
    parseJson(typeof body === 'string' ? Buffer.from(body) : body);
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidJsonError);
    return (error as Error).message;
  }
  throw new Error('the body was accepted');
}

function nested(levels: number): string {
  return '['.repeat(levels) + ']'.repeat(levels);
}

describe('parseJson', () => {
  it('returns the value and the text as it came', () => {
    const text = ' {"b": 1.0, "1": "é", "a": 12345678901234567890}\n';
    expect(parse(text)).toEqual({ text, value: JSON.parse(text) });
  });

  it('accepts one byte order mark and leaves it out of the text', () => {
    expect(parse('\ufeff{"a":1}')).toEqual({ value: { a: 1 }, text: '{"a":1}' });
    expect(refusal('\ufeff\ufeff{}')).toBe('unexpected character at position 0');
  });

  it('gives __proto__ as an own key and leaves the prototype alone', () => {
    const { value } = parse('{"__proto__": {"admin": true}}') as { value: object };
    expect(Object.keys(value)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });

  it('reads an escaped key right after a text that makes V8 misread it', () => {
    parse(String.raw`{"h":[],"\\":0}`);
    parse(String.raw`{"h":[],"\\u00":0}`);
    expect(parse(String.raw`{"h":1,"\"":2}`).value).toEqual({ h: 1, '"': 2 });
    expect(parse(String.raw`[ {"h":1, "\u0072ole" : {"__proto__":[ ]}} ]`).value).toEqual([
      { h: 1, role: { ['__proto__']: [] } },
    ]);
  });

  it('keeps escaped lone surrogates', () => {
    expect(parse('"\\ud800"').value).toBe('\ud800');
  });

  it.each([
    ['a byte that starts nothing', [0x22, 0xff, 0x22]],
    ['a cut sequence', [0x22, 0xe2, 0x82, 0x22]],
    ['an overlong slash', [0x22, 0xc0, 0xaf, 0x22]],
    ['an encoded surrogate', [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ['UTF-16', [0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00]],
  ])('refuses %s as not UTF-8', (_name, bytes) => {
    expect(refusal(Buffer.from(bytes))).toBe('the body is not UTF-8');
  });

  it.each(['', '\ufeff'])('says that the body is empty (%j)', (body) => {
    expect(refusal(body)).toBe('the body is empty');
  });

  it.each([' ', '{', '[1,', '"abc', '{"a"', '{"a":', '"\\u00e9'])('says that %j ends too early', (body) => {
    expect(refusal(body)).toBe('the text ends too early');
  });

  it.each([
    ["{'a': 1}", 1],
    ['{"a": undefined}', 6],
    ['[1,]', 3],
    ['{"a":1,}', 7],
    ['{"a" 1}', 5],
    ['[1 2]', 3],
    ['{} {}', 3],
    ['01', 1],
    ['[1.]', 2],
    ['[-]', 1],
    ['tru', 0],
    ['\v1', 0],
    ['["\\x"]', 2],
    ['["\\u12g4"]', 2],
    ['["a\nb"]', 3],
    ['\u00a01', 0],
    ['[True]', 1],
    ['{1:2}', 1],
    ['[1}', 2],
  ])('names the position at which %j stops being JSON', (body, position) => {
    expect(refusal(body)).toBe(`unexpected character at position ${position}`);
  });

  it('accepts the deepest nesting allowed and refuses one level more', () => {
    expect(parse(nested(MAX_JSON_DEPTH)).text).toHaveLength(2 * MAX_JSON_DEPTH);
    expect(refusal(nested(MAX_JSON_DEPTH + 1))).toBe('nested deeper than 200 levels at position 200');
    expect(refusal(`[${'{"a":['.repeat(100)}${']}'.repeat(100)}]`)).toBe(
      'nested deeper than 200 levels at position 600',
    );
  });

  it('does not count brackets inside strings, nor brackets side by side', () => {
    const text = JSON.stringify([
      `"${'['.repeat(1000)}\\`,
      ...Array<object>(1000).fill({ a: [] }),
      '{"a":\\"['.repeat(1000),
    ]);
    expect(parse(text).value).toEqual(JSON.parse(text));
  });

  it('finds an unclosed string that is full of brackets', () => {
    expect(refusal(`[[["${'['.repeat(1000)}`)).toBe('the text ends too early');
  });

  it.each([
    ['opening brackets', '['],
    ['opening braces', '{"":'],
    ['closing brackets', ']'],
    ['backslashes', '\\'],
    ['quotes', '"'],
    ['escaped quotes', '\\"'],
    ['white space', ' '],
    ['an unclosed string before brackets', '["[[[['],
  ])('refuses 8 MiB of %s', (_name, unit) => {
    expect(refusal(unit.repeat(BODY_BYTES / unit.length))).toMatch(/position|early/);
  });

  it('never lets the body into the message', () => {
    const shapes = /^(unexpected character at position \d+|the text ends too early|the body is empty)$/;
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 20 }), fc.nat(20), (text, at) => {
        fc.pre(!isJson(text));
        expect(refusal(text)).toMatch(shapes);
        expect(refusal(`{"secret":"at position ${at}",${text}`)).toMatch(shapes);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('faultPosition', () => {
  /** JSON with one character replaced, inserted or left out. */
  const damaged = fc
    .tuple(
      fc.json(),
      fc.nat(),
      fc.nat(1),
      fc.constantFrom('', ...'{}[]:,"\\-.0e+u \n\t\v\u0001\ufeff'.split('')),
    )
    .map(([text, at, removed, added]) => {
      const cut = at % (text.length + 1);
      return text.slice(0, cut) + added + text.slice(cut + removed);
    });

  it('finds a fault exactly where JSON.parse refuses', () => {
    fc.assert(
      fc.property(damaged, (text) => {
        expect(faultPosition(text) === undefined).toBe(isJson(text));
      }),
      { numRuns: 5000 },
    );
  });

  it('agrees with V8 where V8 names a position, to the token', () => {
    fc.assert(
      fc.property(damaged, (text) => {
        const position = positionByV8(text);
        fc.pre(position !== undefined);
        const found = faultPosition(text)!;
        const between = text.slice(Math.min(found, position), Math.max(found, position));
        expect(between).toMatch(/^[-+.\w]*$|^\\u?[\da-f]*$/i);
      }),
      { numRuns: 2000 },
    );
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function positionByV8(text: string): number | undefined {
  try {
    JSON.parse(text);
  } catch (error) {
    const [, position] =
      / in JSON at position (\d+)(?: \(line \d+ column \d+\))?$/.exec((error as Error).message) ?? [];
    if (position !== undefined) return Number(position);
  }
  return undefined;
}
