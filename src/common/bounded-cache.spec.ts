import { describe, expect, it } from '@jest/globals';
import { BoundedCache } from './bounded-cache.js';

describe('BoundedCache', () => {
  const kept = (cache: BoundedCache<string>, keys: string) =>
    keys
      .split('')
      .filter((key) => cache.get(key))
      .join('');

  it('forgets what was not used for longest once there is too much', () => {
    const cache = new BoundedCache<string>(160);
    for (const key of 'abcdefgh') cache.set(key, key, 10);
    cache.set('i', 'i', 10); // the first eight are the older half now
    expect(cache.get('a')).toBe('a');
    for (const key of 'jklmnop') cache.set(key, key, 10);
    expect(kept(cache, 'abcdefghijklmnop')).toBe('aijklmnop');
  });

  it('never remembers more than it may, and at least half of that', () => {
    const cache = new BoundedCache<string>(160);
    const keys = Array.from({ length: 200 }, (_, index) => String.fromCharCode(0x100 + index));
    for (const key of keys) cache.set(key, key, 10);
    const left = keys.filter((key) => cache.get(key));
    expect(left.length).toBeGreaterThanOrEqual(8);
    expect(left.length).toBeLessThanOrEqual(16);
  });

  it('counts a value that takes the place of another once', () => {
    const cache = new BoundedCache<string>(160);
    for (let time = 0; time < 20; time += 1) cache.set('a', `${time}`, 10);
    for (const key of 'bcdefgh') cache.set(key, key, 10);
    expect(cache.get('a')).toBe('19');
    expect(kept(cache, 'bcdefgh')).toBe('bcdefgh');
  });

  it('does not let one value push out most others, and forgets the older one of its name', () => {
    const cache = new BoundedCache<string>(80);
    cache.set('a', 'old', 10);
    cache.set('a', 'new and large', 11);
    expect(cache.get('a')).toBeUndefined();
  });

  it('remembers nothing of no bytes', () => {
    const cache = new BoundedCache<string>(0);
    cache.set('a', 'a', 1);
    expect(cache.get('a')).toBeUndefined();
  });
});
