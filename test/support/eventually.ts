import { setTimeout as delay } from 'node:timers/promises';
import { PATIENCE_MS } from './patience.js';

/** Polls until `isTrue` returns true. Only for conditions without an event. @param condition for the error message */
export async function eventually(condition: string, isTrue: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await isTrue())) {
    if (Date.now() > deadline) throw new Error(`${condition}: not within ${PATIENCE_MS} ms`);
    await delay(5);
  }
}
