import { describe, expect, it } from '@jest/globals';
import { runToCompletion } from '../cooperative-task.js';
import { jsonEqualsTask } from './json-equal.js';
import { MAX_JSON_DEPTH } from './parse-json.js';

const jsonEquals = (a: string, b: string) => runToCompletion(jsonEqualsTask(a, b));

describe('jsonEqualsTask', () => {
  it.each([
    ['{"a":1,"b":[true,null]}', ' { "b" : [ true , null ] , "a" : 1 } '],
    ['"\\u0041\\/"', '"A/"'],
    ['"\\ud83d\\ude00"', '"😀"'],
    ['{"\\u0072ole":1}', '{"role":1}'],
    ['{"a":1,"a":2}', '{"a":2}'],
    ['{"__proto__":{"a":1}}', '{"\\u005f_proto__":{"a":1}}'],
    ['"#1e0"', '"\\u00231e0"'],
  ])('finds %s and %s equal', (a, b) => {
    expect(jsonEquals(a, b)).toBe(true);
  });

  it.each([
    ['{"a":1}', '{"a":1,"b":null}'],
    ['{"a":null}', '{"b":null}'],
    ['{"__proto__":{}}', '{}'],
    ['{"__proto__":{}}', '{"a":{}}'],
    ['{"toString":1}', '{}'],
    ['{"__proto__":null}', '{"a":null}'],
    ['[1,2]', '[2,1]'],
    ['[1]', '[1,1]'],
    ['[]', '{}'],
    ['{}', '[]'],
    ['{}', 'null'],
    ['[1]', '{"0":1}'],
    ['0', 'false'],
    ['null', 'false'],
    ['1', '"1"'],
    ['"a"', '"A"'],
    ['"\\ud800"', '"\\ud801"'],
    ['{"a":1,"a":2}', '{"a":1}'],
    ['12345678901234567890', '"#1234567890123456789e1"'],
    ['"#1"', '"##1"'],
    ['{"#":1}', '{"##":1}'],
  ])('finds %s and %s different', (a, b) => {
    expect(jsonEquals(a, b)).toBe(false);
  });

  it.each([
    ['1', '1.0'],
    ['1', '10e-1'],
    ['100', '1E+2'],
    ['0', '-0'],
    ['0', '-0.000e99999999999999999999'],
    ['1.50', '15e-1'],
    ['12345678901234567890', '1234567890123456789.0e1'],
    ['1e999999999', '10E999999998'],
    ['1e-999999999', '0.1e-999999998'],
    ['1e10000000000000000000', '10e9999999999999999999'],
    ['1e00000000000000000000000000005', '100000'],
    ['1e-0', '1'],
    [`1e${'0'.repeat(1001)}5`, '100000'],
    [`1${'0'.repeat(5000)}`, '1e5000'],
    [`0.${'0'.repeat(4999)}1`, '1e-5000'],
    ['123456789012345.6789', '1234567890123456789e-4'],
  ])('finds the numbers %s and %s equal', (a, b) => {
    expect(jsonEquals(`[${a}]`, `[ ${b} ]`)).toBe(true);
  });

  it.each([
    ['12345678901234567890', '12345678901234567891'],
    ['9007199254740992', '9007199254740993'],
    ['0.1', '0.10000000000000001'],
    ['1e309', '1e310'],
    ['1e-400', '0'],
    ['1e-400', '-1e-400'],
    ['1', '-1'],
    ['1', '10'],
    ['5e-324', '4e-324'],
    ['1e999999999', '1e999999998'],
    ['1e99999999999999999999', '1e99999999999999999998'],
  ])('finds the numbers %s and %s different', (a, b) => {
    expect(jsonEquals(a, b)).toBe(false);
  });

  it('compares exponents of more than 1000 digits as text', () => {
    const exponent = '9'.repeat(1001);
    expect(jsonEquals(`[1e${exponent}]`, `[ 1e${exponent} ]`)).toBe(true);
    expect(jsonEquals(`1e${exponent}`, `1e${exponent}0`)).toBe(false);
  });

  it('compares objects of 100,000 keys in any order', () => {
    const keys = Array.from({ length: 100_000 }, (_, index) => `"k${index}":${index}`);
    const text = (entries: string[]) => `{${entries.join(',')}}`;
    expect(jsonEquals(text(keys), text(keys.toReversed()))).toBe(true);
    expect(jsonEquals(text(keys), text(keys.with(50_000, '"k50000":0')))).toBe(false);
  });

  it('compares values with the maximum nesting', () => {
    const deep = (leaf: string) =>
      '[{"a":'.repeat(MAX_JSON_DEPTH / 2) + leaf + '}]'.repeat(MAX_JSON_DEPTH / 2);
    expect(jsonEquals(deep('1'), deep('1.0'))).toBe(true);
    expect(jsonEquals(deep('1'), deep('2'))).toBe(false);
  });
});
