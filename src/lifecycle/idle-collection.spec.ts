import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { collectGarbageWhenIdle } from './idle-collection.js';

const MIB = 1024 * 1024;

/** An unreachable object of this size. */
function garbage(bytes: number): WeakRef<object> {
  return new WeakRef(new Array(bytes / 8).fill(0.5));
}

describe('collectGarbageWhenIdle', () => {
  let isIdle: boolean;
  /** How often memory had grown enough for a collection. */
  let idleChecks: number;
  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'performance'] });
    isIdle = true;
    idleChecks = 0;
    collectGarbageWhenIdle(() => {
      idleChecks += 1;
      return isIdle;
    });
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  const later = async () => {
    await turn(); // a WeakRef keeps its object alive until the end of the job in which it was created or read
    jest.advanceTimersByTime(10_000);
    await turn();
  };

  it('frees the memory of a burst as soon as the service is idle', async () => {
    const burst = garbage(200 * MIB);
    isIdle = false;
    await later();
    expect(idleChecks).toBe(1);
    isIdle = true;
    await later();
    expect(burst.deref()).toBeUndefined();
  });

  it('does not collect small amounts of garbage, even if the service is idle', async () => {
    garbage(MIB);
    await later();
    expect(idleChecks).toBe(0);
  });
});
