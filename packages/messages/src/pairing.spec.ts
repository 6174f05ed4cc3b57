import { describe, expect, it } from '@jest/globals';
import type { OutlineTool } from './outline.js';
import { pairToolResults } from './pairing.js';

/** `c:ID` a call, `p:ID` a call that the provider executes, `r:ID` a result, without an id if nothing follows the colon; `u` a message of the user. */
function pairs(text: string): string[] {
  const messages = text.split(' ').map((word, index) => {
    const [letter, id] = word.split(':');
    const tool: OutlineTool & { name: string } = {
      kind: letter === 'r' ? 'result' : 'call',
      isProviderExecuted: letter === 'p',
      id: id === '' ? undefined : id,
      name: String(index),
    };
    return letter === 'u' ? { tools: [], startsTurn: true } : { tools: [tool], startsTurn: false };
  });
  const { resultOf, callOf } = pairToolResults(messages);
  expect([...callOf].map(([result, call]) => [call, result])).toEqual(expect.arrayContaining([...resultOf]));
  return [...resultOf].map(([call, result]) => `${call.name}-${result.name}`).sort();
}

describe('pairToolResults', () => {
  it('pairs results with an id by id, in any order', () => {
    expect(pairs('c:a c:b r:b r:a')).toEqual(['0-3', '1-2']);
  });

  it('pairs a repeated id with the nearest earlier call that has no result', () => {
    expect(pairs('c:a r:a c:a r:a')).toEqual(['0-1', '2-3']);
    expect(pairs('c:a c:a r:a r:a')).toEqual(['0-3', '1-2']);
    expect(pairs('c:a u c:a r:a')).toEqual(['2-3']);
  });

  it('pairs no result with a later call, or with a call that has a result', () => {
    expect(pairs('r:a c:a')).toEqual([]);
    expect(pairs('c:a r:a r:a')).toEqual(['0-1']);
  });

  it('pairs a result without an id with the only open call of the turn', () => {
    expect(pairs('c: r:')).toEqual(['0-1']);
    expect(pairs('c:a r:')).toEqual(['0-1']);
    expect(pairs('c:a r:a c:b r:')).toEqual(['0-1', '2-3']);
    expect(pairs('c:dangling u c:b r:')).toEqual(['2-3']);
  });

  it('pairs a result without an id with none of several open calls', () => {
    expect(pairs('c:a c:b r:')).toEqual([]);
    expect(pairs('c: c: r: r:')).toEqual([]);
    expect(pairs('c:a u r:')).toEqual([]);
  });

  it('pairs a result without an id with no call that the provider executes', () => {
    expect(pairs('p:a c:b r:')).toEqual(['1-2']);
    expect(pairs('p:a r:')).toEqual([]);
    expect(pairs('c:b p:a r:a r:')).toEqual(['0-3', '1-2']);
  });

  it('never pairs a result with an id with a call that has another id or no id', () => {
    expect(pairs('c: r:a')).toEqual([]);
    expect(pairs('c:b r:a')).toEqual([]);
  });

  it('gives the call of a result without an id no second result', () => {
    expect(pairs('c:a r: r:a')).toEqual(['0-1']);
  });
});
