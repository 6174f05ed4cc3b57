import { setTimeout as delay } from 'node:timers/promises';
import { PATIENCE_MS } from './patience.js';

/** Resolves when `isSo` is true: for conditions that nothing announces. @param what is missing if it never is */
export async function eventually(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + PATIENCE_MS;
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`${what}: not within ${PATIENCE_MS} ms`);
    await delay(5);
  }
}
