import { describe, expect, it } from '@jest/globals';
import { BoundedCache } from './bounded-cache.js';

describe('BoundedCache', () => {
  const kept = (cache: BoundedCache<string>, keys: string) =>
    keys
      .split('')
      .filter((key) => cache.get(key))
      .join('');

  it('evicts the least recently used entries when it is full', () => {
    const cache = new BoundedCache<string>(160);
    for (const key of 'abcdefgh') cache.set(key, key, 10);
    cache.set('i', 'i', 10); // the first eight entries are now in the older half
    expect(cache.get('a')).toBe('a');
    for (const key of 'jklmnop') cache.set(key, key, 10);
    expect(kept(cache, 'abcdefghijklmnop')).toBe('aijklmnop');
  });

  it('stays between half of its limit and its limit once it is full', () => {
    const cache = new BoundedCache<string>(160);
    const keys = Array.from({ length: 200 }, (_, index) => String.fromCharCode(0x100 + index));
    for (const key of keys) cache.set(key, key, 10);
    const remaining = keys.filter((key) => cache.get(key));
    expect(remaining.length).toBeGreaterThanOrEqual(8);
    expect(remaining.length).toBeLessThanOrEqual(16);
  });

  it('counts a replaced value once', () => {
    const cache = new BoundedCache<string>(160);
    for (let time = 0; time < 20; time += 1) cache.set('a', `${time}`, 10);
    for (const key of 'bcdefgh') cache.set(key, key, 10);
    expect(cache.get('a')).toBe('19');
    expect(kept(cache, 'bcdefgh')).toBe('bcdefgh');
  });

  it('stores a value of half of its limit, and nothing larger, which removes the previous value of the key', () => {
    const cache = new BoundedCache<string>(80);
    cache.set('a', 'large', 40);
    expect(cache.get('a')).toBe('large');
    cache.set('a', 'too large', 41);
    expect(cache.get('a')).toBeUndefined();
  });

  it('stores nothing if its limit is 0', () => {
    const cache = new BoundedCache<string>(0);
    cache.set('a', 'a', 1);
    expect(cache.get('a')).toBeUndefined();
  });
});
