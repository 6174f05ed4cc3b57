import { jest } from '@jest/globals';
import { eventually } from '../../../../test/support/eventually.js';

/**
 * Records the timers that are set while it exists. A test gives the client a time limit that no other timer has, and
 * expires it by hand. The test therefore never depends on the clock.
 */
export class ClientTimers {
  private readonly spy = jest.spyOn(globalThis, 'setTimeout');

  /** Resolves when a timer has been set whose delay, in milliseconds, matches. */
  async waitForTimer(matches: (ms: number) => boolean): Promise<void> {
    await eventually('the timer of the client', () => this.find(matches) !== undefined);
  }

  /** Runs the last timer whose delay matches, as if it had expired. */
  expire(matches: (ms: number) => boolean): void {
    const callback = this.find(matches);
    if (!callback) throw new Error('the client has set no such timer');
    callback();
  }

  restore(): void {
    this.spy.mockRestore();
  }

  private find(matches: (ms: number) => boolean): (() => void) | undefined {
    const call = this.spy.mock.calls.findLast(([, ms]) => matches(ms ?? 0));
    return call?.[0];
  }
}
