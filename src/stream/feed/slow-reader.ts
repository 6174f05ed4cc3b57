import { setTimeout as delay } from 'node:timers/promises';
import { CLOSE } from '../stream-transport.js';
import type { Subscription } from './subscription.js';

/** How often a full subscription is checked, in milliseconds. */
const CHECK_INTERVAL_MS = 20;
/** How long a full subscription may receive nothing before it is closed, in milliseconds. */
const STALL_TIMEOUT_MS = 30_000;

/**
 * Waits until a full subscription can be sent more. Closes it if its reader receives nothing for 30 s.
 *
 * @returns whether the subscription is still open
 */
export async function drained(subscription: Subscription): Promise<boolean> {
  let buffered = subscription.bufferedBytes;
  let stalledMs = 0;
  while (subscription.isOpen && subscription.isFull) {
    await delay(CHECK_INTERVAL_MS);
    stalledMs = subscription.bufferedBytes < buffered ? 0 : stalledMs + CHECK_INTERVAL_MS;
    buffered = subscription.bufferedBytes;
    if (stalledMs > STALL_TIMEOUT_MS) subscription.close(CLOSE.overloaded, 'the reader does not keep up');
  }
  return subscription.isOpen;
}
