import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { runToCompletion } from '../cooperative-task.js';
import { syntaxErrorPosition } from './json-syntax.js';
import { InvalidJsonError, MAX_JSON_DEPTH, parseJsonTask } from './parse-json.js';

const BODY_BYTES = 8 * 1024 * 1024; // the default limit of a body

function parse(body: Buffer | string) {
  return runToCompletion(parseJsonTask(Buffer.from(body as string)));
}

function errorMessage(body: Buffer | string): string {
  try {
    parse(body);
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidJsonError);
    return (error as Error).message;
  }
  throw new Error('the body was accepted');
}

function nested(levels: number): string {
  return '['.repeat(levels) + ']'.repeat(levels);
}

describe('parseJsonTask', () => {
  it('returns the value and the unchanged text', () => {
    const text = ' {"b": 1.0, "1": "é", "a": 12345678901234567890}\n';
    expect(parse(text)).toEqual({ text, value: JSON.parse(text) });
  });

  it('accepts one byte order mark and drops it from the text', () => {
    expect(parse('\ufeff{"a":1}')).toEqual({ value: { a: 1 }, text: '{"a":1}' });
    expect(errorMessage('\ufeff\ufeff{}')).toBe('unexpected character at position 0');
  });

  it('returns __proto__ as an own key and leaves the prototype unchanged', () => {
    const { value } = parse('{"__proto__": {"admin": true}}') as { value: object };
    expect(Object.keys(value)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });

  it('decodes escaped keys correctly after texts that make JSON.parse in V8 decode them wrongly', () => {
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
    ['an invalid first byte', [0x22, 0xff, 0x22]],
    ['an incomplete sequence', [0x22, 0xe2, 0x82, 0x22]],
    ['an overlong slash', [0x22, 0xc0, 0xaf, 0x22]],
    ['an encoded surrogate', [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ['UTF-16', [0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00]],
  ])('rejects %s as not UTF-8', (_name, bytes) => {
    expect(errorMessage(Buffer.from(bytes))).toBe('the body is not UTF-8');
  });

  it.each(['', '\ufeff'])('reports the body %j as empty', (body) => {
    expect(errorMessage(body)).toBe('the body is empty');
  });

  it.each([' ', '{', '[1,', '"abc', '{"a"', '{"a":', '"\\u00e9'])('reports %j as incomplete', (body) => {
    expect(errorMessage(body)).toBe('the text is incomplete');
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
  ])('reports the position of the syntax error in %j', (body, position) => {
    expect(errorMessage(body)).toBe(`unexpected character at position ${position}`);
  });

  it('accepts the maximum nesting and rejects one level more', () => {
    expect(parse(nested(MAX_JSON_DEPTH)).text).toHaveLength(2 * MAX_JSON_DEPTH);
    expect(errorMessage(nested(MAX_JSON_DEPTH + 1))).toBe('nested deeper than 200 levels at position 200');
    expect(errorMessage(`[${'{"a":['.repeat(100)}${']}'.repeat(100)}]`)).toBe(
      'nested deeper than 200 levels at position 600',
    );
  });

  it('does not count brackets inside strings, nor sibling brackets', () => {
    const text = JSON.stringify([
      `"${'['.repeat(1000)}\\`,
      ...Array<object>(1000).fill({ a: [] }),
      '{"a":\\"['.repeat(1000),
    ]);
    expect(parse(text).value).toEqual(JSON.parse(text));
  });

  it('reports an unclosed string with many brackets as incomplete', () => {
    expect(errorMessage(`[[["${'['.repeat(1000)}`)).toBe('the text is incomplete');
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
  ])('rejects 8 MiB of %s', (_name, unit) => {
    expect(errorMessage(unit.repeat(BODY_BYTES / unit.length))).toMatch(/position|incomplete/);
  });

  it('never quotes the body in the error message', () => {
    const shapes = /^(unexpected character at position \d+|the text is incomplete|the body is empty)$/;
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 20 }), fc.nat(20), (text, at) => {
        fc.pre(!isJson(text));
        expect(errorMessage(text)).toMatch(shapes);
        expect(errorMessage(`{"secret":"at position ${at}",${text}`)).toMatch(shapes);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('syntaxErrorPosition', () => {
  /** JSON with one character replaced, inserted or removed. */
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

  it('returns a position exactly for the texts that JSON.parse rejects', () => {
    fc.assert(
      fc.property(damaged, (text) => {
        expect(syntaxErrorPosition(text) === undefined).toBe(isJson(text));
      }),
      { numRuns: 5000 },
    );
  });

  it('differs from the position in the error message of V8 by at most one token', () => {
    fc.assert(
      fc.property(damaged, (text) => {
        const position = positionByV8(text);
        fc.pre(position !== undefined);
        const found = syntaxErrorPosition(text)!;
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
