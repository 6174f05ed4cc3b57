import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** How often the memory is looked at, in milliseconds. */
const CHECK_INTERVAL_MS = 10_000;
/** Growth since the last collection that is worth another one, in bytes. */
const WORTH_BYTES = 64 * 1024 * 1024;

/**
 * Collects garbage while the service is idle. V8 collects when something is allocated: what a burst of large requests
 * leaves behind would stay resident until the next one.
 *
 * @param isIdle whether a collection, which takes up to some 100 ms, would delay nobody
 */
export function collectGarbageWhenIdle(isIdle: () => boolean): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  let keptBytes = usedBytes();
  setInterval(() => {
    const used = usedBytes();
    if (used - keptBytes < WORTH_BYTES) keptBytes = Math.min(keptBytes, used);
    else if (isIdle()) {
      collect();
      keptBytes = usedBytes();
    }
  }, CHECK_INTERVAL_MS).unref();
}

function usedBytes(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
