import { describe, expect, it } from '@jest/globals';
import { arrayElements, compactJson, member, objectMembers, objectText } from './json-scanner.js';

describe('objectMembers', () => {
  it('preserves what JSON.parse loses: key order, duplicates, spelling', () => {
    const text = '{"b":1.0,"1":12345678901234567890,"a":"\\u00e9","b":-0,"__proto__":1E5}';
    expect(objectMembers(text)).toEqual([
      { key: 'b', value: '1.0' },
      { key: '1', value: '12345678901234567890' },
      { key: 'a', value: '"\\u00e9"' },
      { key: 'b', value: '-0' },
      { key: '__proto__', value: '1E5' },
    ]);
  });

  it('removes white space around values and keeps it inside them', () => {
    const text = '\n {\t"a" : [ 1 ,\r2 ] , "b":\n{ } ,"c": true , "d" :null\t} ';
    expect(objectMembers(text)).toEqual([
      { key: 'a', value: '[ 1 ,\r2 ]' },
      { key: 'b', value: '{ }' },
      { key: 'c', value: 'true' },
      { key: 'd', value: 'null' },
    ]);
  });

  it('decodes keys', () => {
    const text = '{"\\u0072ole":1,"\\"":2,"\\\\":3,"\\u0000":4,"\\ud83d":5,"":6,"é😀":7}';
    expect(objectMembers(text).map(({ key }) => key)).toEqual(['role', '"', '\\', '\0', '\ud83d', '', 'é😀']);
  });

  it('ignores brackets and escapes inside strings', () => {
    const text = String.raw`{"a":"\\","b":"\\\"","c":"}],:{[","d":["]\"",{"e":"}\\\\"}],"f":"\\\\\\"}`;
    expect(objectMembers(text).map(({ value }) => value)).toEqual([
      String.raw`"\\"`,
      String.raw`"\\\""`,
      '"}],:{["',
      String.raw`["]\"",{"e":"}\\\\"}]`,
      String.raw`"\\\\\\"`,
    ]);
  });

  it.each(['{}', ' { } '])('finds no members in %j', (text) => {
    expect(objectMembers(text)).toEqual([]);
  });

  it.each(['', '[]', '"{}"', 'null'])('rejects %j, which is not an object', (text) => {
    expect(() => objectMembers(text)).toThrow(TypeError);
  });
});

describe('member', () => {
  const members = objectMembers('{"a":1,"b":2,"a":3}');

  it('returns the last of duplicate keys, as JSON.parse does', () => expect(member(members, 'a')).toBe('3'));
  it('returns undefined for a missing key', () => expect(member(members, 'toString')).toBeUndefined());
});

describe('arrayElements', () => {
  it('returns the source of every element', () => {
    expect(arrayElements(' [ 1.0 ,"a,]", [ [] ] ,{"b": "]"}, true,null ] ')).toEqual([
      '1.0',
      '"a,]"',
      '[ [] ]',
      '{"b": "]"}',
      'true',
      'null',
    ]);
  });

  it.each(['[]', '\t[ ]\n'])('finds no elements in %j', (text) => {
    expect(arrayElements(text)).toEqual([]);
  });

  it.each(['', '{}', '1'])('rejects %j, which is not an array', (text) => {
    expect(() => arrayElements(text)).toThrow(TypeError);
  });
});

describe('compactJson', () => {
  it('removes white space between tokens only', () => {
    expect(compactJson(' {"a b" : [ 1.0 ,\r\n\t-0 ], "c": "x \\" y\\\\" }\n')).toBe(
      '{"a b":[1.0,-0],"c":"x \\" y\\\\"}',
    );
  });

  it.each(['{"a b":[1.0,"c d"]}', '" "', '7'])('returns %j unchanged', (text) => {
    expect(compactJson(text)).toBe(text);
  });
});

describe('objectText', () => {
  it('writes the members in order, with unchanged values', () => {
    const members = [
      { key: 'b', value: '1.0' },
      { key: '1', value: '[ 2 ]' },
      { key: '"\\\n\ud800', value: '{}' },
    ];
    expect(objectText(members)).toBe(String.raw`{"b":1.0,"1":[ 2 ],"\"\\\n\ud800":{}}`);
  });

  it('returns {} for no members', () => expect(objectText([])).toBe('{}'));
});
