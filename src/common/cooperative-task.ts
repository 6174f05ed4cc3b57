import { setImmediate as nextTurn } from 'node:timers/promises';

/**
 * Long synchronous work, written as a generator that yields after every step, so that no step blocks the event loop for
 * long. The caller decides whether other events are handled between the steps: `runCooperatively` lets them run,
 * `runToCompletion` does not.
 */
export type CooperativeTask<T> = Generator<undefined, T>;

/** Runs all steps at once: cheaper for small inputs, which have no long steps. */
export function runToCompletion<T>(task: CooperativeTask<T>): T {
  for (;;) {
    const { done, value } = task.next();
    if (done) return value;
  }
}

/** Runs one step per turn of the event loop. */
export async function runCooperatively<T>(task: CooperativeTask<T>): Promise<T> {
  for (;;) {
    const { done, value } = task.next();
    if (done) return value;
    await nextTurn();
  }
}
