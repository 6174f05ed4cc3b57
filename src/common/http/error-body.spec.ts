import { describe, expect, it } from '@jest/globals';
import { InvalidPayloadError } from '../errors/common.errors.js';
import { errorBody } from './error-body.js';

interface Body {
  message: string;
  details: { path: string; message: string }[];
}

function bodyOf(count: number, path: string, message = 'is wrong') {
  const error = new InvalidPayloadError(Array.from({ length: count }, () => ({ path, message })));
  return errorBody(error, 'r'.repeat(128)) as unknown as Body;
}

describe('errorBody', () => {
  it('lists up to 100 violations, and repeats the first ten in its message', () => {
    const { details, message } = bodyOf(100, 'field');
    expect(details).toEqual(Array(100).fill({ path: 'field', message: 'is wrong' }));
    expect(message).toBe(`${'field is wrong; '.repeat(10)}and 90 more`);
  });

  it('lists the first 100 of more violations, and adds that there are more', () => {
    const { details, message } = bodyOf(5000, 'field');
    expect(details).toHaveLength(101);
    expect(details.at(-1)).toEqual({
      path: '',
      message: 'there are at least 101 violations; the first 100 are listed',
    });
    expect(message).toMatch(/and at least 91 more$/);
  });

  it('reads at most 102 violations from an endless iterator', () => {
    let generated = 0;
    function* endless() {
      for (;;) yield { path: `field${(generated += 1)}`, message: 'is wrong' };
    }
    expect(new InvalidPayloadError(endless()).details).toHaveLength(101);
    expect(generated).toBeLessThanOrEqual(102);
  });

  it.each([
    ['control characters', '\u0001'],
    ['lone surrogates', '\ud800'],
    ['Chinese', '中'],
    ['emoji', '😀'],
    ['quotes', '"'],
  ])('stays under 64 KiB with long paths and messages of %s', (_, text) => {
    const { details, message } = bodyOf(5000, text.repeat(5000), text.repeat(5000));
    expect(Buffer.byteLength(JSON.stringify({ details, message }))).toBeLessThan(63 * 1024);
    expect(details.length).toBeGreaterThan(2);
    expect(details.at(-1)?.message).toMatch(/^there are at least 101 violations; the first \d+ are listed$/);
    expect(message.isWellFormed()).toBe(true);
  });
});
