// Waiting with a limit: a campaign must end, whatever the service does.
import { setTimeout as delay } from 'node:timers/promises';

/**
 * The first truthy result of `look`, which is called again and again.
 *
 * @throws Error that names `what` when nothing has come within `limitMs`
 */
export async function until(what, look, { limitMs = 60_000, everyMs = 25 } = {}) {
  const end = performance.now() + limitMs;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (performance.now() > end) throw new Error(`${what}: not within ${limitMs / 1000} s`);
    await delay(everyMs);
  }
}
