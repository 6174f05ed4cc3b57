import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** How often memory is checked, in milliseconds. */
const CHECK_INTERVAL_MS = 10_000;
/** Growth since the last collection that triggers another one, in bytes. */
const GROWTH_BYTES = 64 * 1024 * 1024;

/**
 * Collects garbage while the service is idle. V8 collects only on allocation: without this, the garbage of a burst of
 * large requests stays resident until the next burst.
 *
 * @param isIdle whether no request would be delayed by a collection, which takes up to about 100 ms
 */
export function collectGarbageWhenIdle(isIdle: () => boolean): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  let baselineBytes = usedBytes();
  setInterval(() => {
    const used = usedBytes();
    if (used - baselineBytes < GROWTH_BYTES) baselineBytes = Math.min(baselineBytes, used);
    else if (isIdle()) {
      collect();
      baselineBytes = usedBytes();
    }
  }, CHECK_INTERVAL_MS).unref();
}

function usedBytes(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
