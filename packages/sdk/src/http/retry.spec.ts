import { describe, expect, it } from '@jest/globals';
import { ConnectionError, RateLimitError, ServerError, UnavailableError } from '../errors.js';
import { isRetryable, parseRetryAfter, pauseMs } from './retry.js';

describe('pauseMs', () => {
  it('doubles with each attempt up to 8 s, and randomises the upper half', () => {
    const shortest = [0, 1, 2, 5, 9].map((attempt) => pauseMs(attempt, undefined, () => 0));
    const longest = [0, 1, 2, 5, 9].map((attempt) => pauseMs(attempt, undefined, () => 1));
    expect(shortest).toEqual([125, 250, 500, 4000, 4000]);
    expect(longest).toEqual([250, 500, 1000, 8000, 8000]);
  });

  it('returns at least retryAfterMs', () => {
    expect(pauseMs(0, new UnavailableError('', { retryAfterMs: 20_000 }), () => 0)).toBe(20_000);
    expect(pauseMs(0, new UnavailableError('', { retryAfterMs: 0 }), () => 0)).toBe(125);
  });
});

describe('parseRetryAfter', () => {
  it.each([
    ['2', 2000],
    [' 0 ', 0],
    ['Thu, 01 Jan 1970 00:01:00 GMT', 30_000],
    ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
    ['soon', undefined],
    [null, undefined],
  ])('parses %p as %p ms', (value, ms) => {
    expect(parseRetryAfter(value, 30_000)).toBe(ms);
  });
});

describe('isRetryable', () => {
  const connectionRefused = new ConnectionError('', { cause: { cause: { code: 'ECONNREFUSED' } } });
  const connectionReset = new ConnectionError('', { cause: { cause: { code: 'ECONNRESET' } } });

  it.each([
    [true, 'a refused connection', connectionRefused],
    [false, 'a reset connection', connectionReset],
    [true, 'a 429', new RateLimitError('', { status: 429 })],
    [true, 'a 503', new UnavailableError('', { status: 503 })],
    [false, 'a 500', new ServerError('', { status: 500 })],
    [false, 'a 502', new ServerError('', { status: 502 })],
    [false, 'an error of our own code', new TypeError()],
  ])('returns %p after %s for a request that must not be sent twice', (isExpected, _, error) => {
    expect(isRetryable(error, 'unprocessed')).toBe(isExpected);
  });

  it('returns true after each of these errors for a request that can be sent twice', () => {
    for (const error of [connectionRefused, connectionReset, new ServerError('', { status: 500 })]) {
      expect(isRetryable(error, 'always')).toBe(true);
    }
    expect(isRetryable(new TypeError(), 'always')).toBe(false);
  });
});
