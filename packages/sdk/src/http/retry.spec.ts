import { describe, expect, it } from '@jest/globals';
import { ConnectionError, RateLimitError, ServerError, UnavailableError } from '../errors.js';
import { isRetryable, parseRetryAfter, pauseMs } from './retry.js';

describe('the pause before another try', () => {
  it('doubles up to 8 s, and its upper half is random', () => {
    const shortest = [0, 1, 2, 5, 9].map((attempt) => pauseMs(attempt, undefined, () => 0));
    const longest = [0, 1, 2, 5, 9].map((attempt) => pauseMs(attempt, undefined, () => 1));
    expect(shortest).toEqual([125, 250, 500, 4000, 4000]);
    expect(longest).toEqual([250, 500, 1000, 8000, 8000]);
  });

  it('is at least as long as the service asks for', () => {
    expect(pauseMs(0, new UnavailableError('', { retryAfterMs: 20_000 }), () => 0)).toBe(20_000);
    expect(pauseMs(0, new UnavailableError('', { retryAfterMs: 0 }), () => 0)).toBe(125);
  });
});

describe('Retry-After', () => {
  it.each([
    ['2', 2000],
    [' 0 ', 0],
    ['Thu, 01 Jan 1970 00:01:00 GMT', 30_000],
    ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
    ['soon', undefined],
    [null, undefined],
  ])('%p is %p ms', (value, ms) => {
    expect(parseRetryAfter(value, 30_000)).toBe(ms);
  });
});

describe('what may have been carried out', () => {
  const refused = new ConnectionError('', { cause: { cause: { code: 'ECONNREFUSED' } } });
  const broken = new ConnectionError('', { cause: { cause: { code: 'ECONNRESET' } } });

  it.each([
    ['a connection that was never made', refused, true],
    ['a connection that broke', broken, false],
    ['a 429', new RateLimitError('', { status: 429 }), true],
    ['a 503', new UnavailableError('', { status: 503 }), true],
    ['a 500', new ServerError('', { status: 500 }), false],
    ['a 502', new ServerError('', { status: 502 }), false],
    ['an error of our own code', new TypeError(), false],
  ])('is sent again after %s: %p → %p', (_, error, again) => {
    expect(isRetryable(error, 'unprocessed')).toBe(again);
  });

  it('is sent again after each of them, if a repeat changes nothing', () => {
    for (const error of [refused, broken, new ServerError('', { status: 500 })]) {
      expect(isRetryable(error, 'always')).toBe(true);
    }
    expect(isRetryable(new TypeError(), 'always')).toBe(false);
  });
});
