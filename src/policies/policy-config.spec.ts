import { describe, expect, it } from '@jest/globals';
import type { Violation } from '../common/errors/app-error.js';
import { InvalidPolicyConfigError, PolicyConfigReader } from './policy-config.js';

interface Parsed {
  depth: number;
  size: number;
  kinds: readonly string[];
}

function parse(raw: Record<string, unknown>): Parsed {
  const config = new PolicyConfigReader(raw);
  const parsed = {
    depth: config.integer('depth', { min: 1, max: 9 }),
    size: config.integer('size', { min: 0, max: 100, fallback: 50 }),
    kinds: config.strings('kinds', ['text']),
  };
  config.finish();
  return parsed;
}

function violations(raw: Record<string, unknown>): Violation[] {
  try {
    parse(raw);
  } catch (error) {
    if (error instanceof InvalidPolicyConfigError) return error.details;
    throw error;
  }
  return [];
}

describe('PolicyConfigReader', () => {
  it('returns the value of a field, or the fallback if it is absent', () => {
    expect(parse({ depth: 9, size: 0, kinds: [] })).toEqual({ depth: 9, size: 0, kinds: [] });
    expect(parse({ depth: 1, size: 100, kinds: ['a', 'a'] })).toEqual({
      depth: 1,
      size: 100,
      kinds: ['a', 'a'],
    });
    expect(parse({ depth: 5 })).toEqual({ depth: 5, size: 50, kinds: ['text'] });
  });

  it('treats null as absent', () => {
    expect(parse({ depth: 5, size: null, kinds: null })).toEqual({ depth: 5, size: 50, kinds: ['text'] });
    expect(violations({ depth: null })).toEqual([{ path: 'depth', message: 'is required' }]);
  });

  it.each([0, 10, -1, 1.5, NaN, Infinity, 1e300, '5', true, [], [5], {}])(
    'rejects %p as an integer from 1 to 9',
    (depth) =>
      expect(violations({ depth })).toEqual([{ path: 'depth', message: 'must be an integer from 1 to 9' }]),
  );

  it.each(['a', 5, {}, [1], ['a', null], [['a']]])('rejects %p as a list of strings', (kinds) =>
    expect(violations({ depth: 1, kinds })).toEqual([
      { path: 'kinds', message: 'must be a list of strings' },
    ]),
  );

  it('reports all violations at once, unknown fields included', () => {
    const raw = JSON.parse('{"size":"x","kinds":1,"depht":2,"__proto__":3,"toString":null}') as object;
    expect(violations({ ...raw }).map(({ path }) => path)).toEqual([
      'depth',
      'size',
      'kinds',
      'depht',
      '__proto__',
      'toString',
    ]);
  });
});
