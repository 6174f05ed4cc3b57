import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { collectGarbageWhenIdle } from './idle-collection.js';

const MIB = 1024 * 1024;

/** Something of this size that nobody needs any more. */
function garbage(bytes: number): WeakRef<object> {
  return new WeakRef(new Array(bytes / 8).fill(0.5));
}

describe('collecting garbage when idle', () => {
  let isIdle: boolean;
  /** How often the memory was found to be worth a collection. */
  let asked: number;
  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'performance'] });
    isIdle = true;
    asked = 0;
    collectGarbageWhenIdle(() => {
      asked += 1;
      return isIdle;
    });
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  const later = async () => {
    await turn(); // until the end of the job a WeakRef that was made or read in it keeps its object
    jest.advanceTimersByTime(10_000);
    await turn();
  };

  it('gives the memory of a burst back as soon as nobody waits', async () => {
    const burst = garbage(200 * MIB);
    isIdle = false;
    await later();
    expect(asked).toBe(1);
    isIdle = true;
    await later();
    expect(burst.deref()).toBeUndefined();
  });

  it('leaves little garbage to V8', async () => {
    garbage(MIB);
    await later();
    expect(asked).toBe(0);
  });
});
