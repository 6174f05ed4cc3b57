import sonicBoom from 'sonic-boom';

/** How often a write is retried at the end of the process, every 0.1 s, while the reader of stdout is too slow. */
const RETRIES_AT_EXIT = 20;

/**
 * Buffered stdout: with one system call per line, logging was a third of a request's cost. Lines are written after at
 * most 0.1 s, and when the process exits. If the reader is slow, lines beyond 16 MiB are dropped; at exit the process
 * waits up to 2 s for the reader.
 *
 * Uses sonic-boom 5 directly. The older version inside pino never stops retrying at exit when the reader has closed
 * stdout.
 *
 * @param onClosed is called when the reader has closed stdout
 */
export function logDestination(onClosed: () => void): sonicBoom.SonicBoom {
  let retriesLeft = Infinity;
  const destination = new sonicBoom.SonicBoom({
    fd: process.stdout.fd,
    sync: false,
    minLength: 4096,
    periodicFlush: 100,
    maxLength: 16 * 1024 * 1024,
    retryEAGAIN: () => retriesLeft-- > 0,
  });
  // Other errors, such as a full disk, may be temporary: the unwritten lines are written with the next ones.
  destination.on('error', ({ code }: NodeJS.ErrnoException) => {
    if (code === 'EPIPE') onClosed();
  });
  process.once('exit', () => {
    retriesLeft = RETRIES_AT_EXIT;
    try {
      destination.flushSync();
    } catch {
      // There is no way left to report it.
    }
  });
  return destination;
}
