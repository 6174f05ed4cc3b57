import { describe, expect, it } from '@jest/globals';
import { UniqueIds } from './unique-ids.js';

const unique = (ids: readonly string[], separator = '_', maxLength?: number) => {
  const uniqueIds = new UniqueIds(separator, maxLength);
  return ids.map((id) => uniqueIds.add(id));
};

describe('UniqueIds', () => {
  it('returns an id that was not used as it is', () => {
    expect(unique(['a', 'b', ''])).toEqual(['a', 'b', '']);
  });

  it('adds the lowest free number to a repeated id', () => {
    expect(unique(['a', 'a', 'b', 'a', 'b'])).toEqual(['a', 'a_2', 'b', 'a_3', 'b_2']);
    expect(unique(['a', 'a'], '-')).toEqual(['a', 'a-2']);
  });

  it('skips a number that another id has', () => {
    expect(unique(['a_2', 'a', 'a', 'a_2', 'a'])).toEqual(['a_2', 'a', 'a_3', 'a_2_2', 'a_4']);
  });

  it('cuts ids to the length that they may have, together with their number', () => {
    expect(unique(['abcd', 'abce', 'abc'], '_', 3)).toEqual(['abc', 'a_2', 'a_3']);
    expect(unique(['axx', 'ayy', 'a_2', 'axx', 'axx'], '_', 3)).toEqual(['axx', 'ayy', 'a_2', 'a_3', 'a_4']);
  });
});
