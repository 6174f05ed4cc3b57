import { setImmediate as turn } from 'node:timers/promises';

/** Work that may pause between its stages, each of which holds the event loop for a bounded time. */
export type CooperativeTask<T> = Generator<undefined, T>;

/** Does the work without a pause. */
export function runToCompletion<T>(stages: CooperativeTask<T>): T {
  for (;;) {
    const { done, value } = stages.next();
    if (done) return value;
  }
}

/** Lets other events be handled between the stages. */
export async function runCooperatively<T>(stages: CooperativeTask<T>): Promise<T> {
  for (;;) {
    const { done, value } = stages.next();
    if (done) return value;
    await turn();
  }
}
