// Waiting with a time limit, because a campaign must end even if the service hangs.
import { setTimeout as delay } from 'node:timers/promises';

/**
 * Calls `check` repeatedly. @returns its first truthy result
 *
 * @throws Error that names `what` if `limitMs` pass without one
 */
export async function until(what, check, { limitMs = 60_000, everyMs = 25 } = {}) {
  const end = performance.now() + limitMs;
  for (;;) {
    const found = await check();
    if (found) return found;
    if (performance.now() > end) throw new Error(`${what}: not within ${limitMs / 1000} s`);
    await delay(everyMs);
  }
}
