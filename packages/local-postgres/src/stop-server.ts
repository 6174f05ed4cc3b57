import { setTimeout as sleep } from 'node:timers/promises';
import { EmbeddedPostgresError } from './embedded-postgres.errors.js';

/**
 * The signals that stop PostgreSQL, the gentlest first. SIGINT is the fast shutdown: it ends the sessions and writes a
 * checkpoint. After SIGQUIT the next start recovers from the log; nothing is lost. SIGKILL is for a server that does not react.
 */
const STEPS: readonly { signal: NodeJS.Signals; timeoutMs: number }[] = [
  { signal: 'SIGINT', timeoutMs: 10_000 },
  { signal: 'SIGQUIT', timeoutMs: 7_000 }, // the postmaster itself kills its children after 5 s
  { signal: 'SIGKILL', timeoutMs: 5_000 },
];
const POLL_MS = 10;

/**
 * Stops a server and waits until its process has ended.
 *
 * @param send sends a signal to the main process; must not throw if the process has ended
 * @throws EmbeddedPostgresError the process does not end (it hangs in the kernel, on a broken disk)
 */
export async function stopServer(
  pid: number,
  send: (signal: NodeJS.Signals) => void,
  hasEnded: () => boolean,
): Promise<void> {
  for (const { signal, timeoutMs } of STEPS) {
    if (hasEnded()) return;
    send(signal);
    for (let waitedMs = 0; waitedMs < timeoutMs; waitedMs += POLL_MS) {
      await sleep(POLL_MS);
      if (hasEnded()) return;
    }
  }
  throw new EmbeddedPostgresError(
    `PostgreSQL (process ${pid}) cannot be stopped; its disk may hang: restart the machine`,
  );
}
