import { setTimeout as sleep } from 'node:timers/promises';
import { EmbeddedPostgresError } from './embedded-postgres.errors.js';

/**
 * The ways to stop PostgreSQL, kindest first. SIGINT is its fast shutdown: it ends the sessions and writes a checkpoint.
 * SIGQUIT leaves that to recovery at the next start, which loses nothing. SIGKILL is for a server that does not react.
 */
const STEPS: readonly { signal: NodeJS.Signals; patienceMs: number }[] = [
  { signal: 'SIGINT', patienceMs: 10_000 },
  { signal: 'SIGQUIT', patienceMs: 7_000 }, // the postmaster itself kills its children after 5 s
  { signal: 'SIGKILL', patienceMs: 5_000 },
];
const POLL_MS = 10;

/**
 * Ends a server and waits till it is gone.
 *
 * @param send delivers a signal to its main process; must not throw when that is gone
 * @throws EmbeddedPostgresError it survives everything (a process that hangs in the kernel, on a dead disk)
 */
export async function endServer(
  pid: number,
  send: (signal: NodeJS.Signals) => void,
  isGone: () => boolean,
): Promise<void> {
  for (const { signal, patienceMs } of STEPS) {
    if (isGone()) return;
    send(signal);
    for (let waitedMs = 0; waitedMs < patienceMs; waitedMs += POLL_MS) {
      await sleep(POLL_MS);
      if (isGone()) return;
    }
  }
  throw new EmbeddedPostgresError(
    `PostgreSQL (process ${pid}) cannot be stopped, its disk may hang: restart the machine`,
  );
}
