import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { UnavailableError } from '../common/errors/common.errors.js';
import { log } from '../common/logging/logger.js';
import { ReadinessCheck } from './readiness-check.js';
import { DEFAULT_READINESS_TIMEOUT_MS, type ReadinessIndicator } from './readiness-indicator.js';

/** The lines that are logged during a test: level, message and the message of the logged error. */
let lines: [level: string, message: string, error?: string][];
beforeEach(() => {
  lines = [];
  for (const level of ['warn', 'info'] as const) {
    jest.spyOn(log, level).mockImplementation((fields: any, message: any) => {
      lines.push([level, message, fields.err?.message]);
    });
  }
});
afterEach(() => {
  jest.useRealTimers();
  jest.restoreAllMocks();
});

const checkOf = (check: ReadinessIndicator['check'], timeoutMs?: number) =>
  new ReadinessCheck('billing', { check, ...(timeoutMs !== undefined && { timeoutMs }) });

describe('a readiness check', () => {
  it('succeeds if the indicator returns, at once or later', async () => {
    expect(await checkOf(() => undefined).run()).toBe(true);
    expect(await checkOf(() => Promise.resolve()).run()).toBe(true);
    expect(lines).toEqual([]);
  });

  it.each([
    [
      'throws',
      () => () => {
        throw new Error('no route to billing');
      },
    ],
    ['rejects', () => () => Promise.reject(new Error('no route to billing'))],
  ])('fails while the indicator %s, and asks it again each time', async (_, failure) => {
    let isBroken = true;
    const check = checkOf(() => (isBroken ? failure()() : undefined));
    expect([await check.run(), await check.run()]).toEqual([false, false]);
    isBroken = false;
    expect([await check.run(), await check.run()]).toEqual([true, true]);
  });

  it('logs the reason when the result changes, and nothing while it stays the same', async () => {
    let failure: Error | undefined;
    const check = checkOf(() => {
      if (failure) throw failure;
    });
    await check.run();
    failure = new UnavailableError('Billing does not answer', { cause: new Error('ECONNREFUSED') });
    for (let times = 0; times < 3; times += 1) await check.run();
    failure = undefined;
    for (let times = 0; times < 3; times += 1) await check.run();
    failure = new Error('again');
    await check.run();
    expect(lines).toEqual([
      ['warn', 'not ready: "billing" fails: Billing does not answer', 'ECONNREFUSED'],
      ['info', '"billing" succeeds again', undefined],
      ['warn', 'not ready: "billing" fails: again', 'again'],
    ]);
  });

  it.each([
    [undefined, DEFAULT_READINESS_TIMEOUT_MS],
    [50, 50],
  ])(
    'fails if the indicator takes longer than its limit, set to %p, and calls it once until it returns',
    async (timeoutMs, limitMs) => {
      jest.useFakeTimers();
      let calls = 0;
      let finish: () => void = () => undefined;
      const check = checkOf(() => {
        calls += 1;
        return new Promise((resolve) => (finish = resolve));
      }, timeoutMs);
      const first = check.run();
      await jest.advanceTimersByTimeAsync(limitMs);
      expect(await first).toBe(false);
      const second = check.run();
      await jest.advanceTimersByTimeAsync(limitMs - 1);
      expect(calls).toBe(1);
      finish();
      expect(await second).toBe(true);
      const third = check.run();
      await jest.advanceTimersByTimeAsync(0);
      expect(calls).toBe(2);
      finish();
      expect(await third).toBe(true);
      expect(lines[0]).toEqual([
        'warn',
        `not ready: "billing" fails: took longer than ${limitMs} ms`,
        `took longer than ${limitMs} ms`,
      ]);
    },
  );
});
