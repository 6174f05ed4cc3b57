import { jest } from '@jest/globals';
import { eventually } from '../../../../test/support/eventually.js';

/**
 * The timers that are set while it exists. A test gives the client a time limit that no other timer has, and ends it
 * by hand when the moment has come: nothing is then a race between the client and the clock.
 */
export class ClientTimers {
  private readonly spy = jest.spyOn(globalThis, 'setTimeout');

  /** Resolves when a timer that `is` accepts has been set. @param is is given its milliseconds */
  async isSet(is: (ms: number) => boolean): Promise<void> {
    await eventually('the timer of the client', () => this.find(is) !== undefined);
  }

  /** Runs the last timer that `is` accepts, as if its time were over. */
  runOut(is: (ms: number) => boolean): void {
    const callback = this.find(is);
    if (!callback) throw new Error('the client has set no such timer');
    callback();
  }

  restore(): void {
    this.spy.mockRestore();
  }

  private find(is: (ms: number) => boolean): (() => void) | undefined {
    const call = this.spy.mock.calls.findLast(([, ms]) => is(ms ?? 0));
    return call?.[0];
  }
}
