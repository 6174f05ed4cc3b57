import sonicBoom from 'sonic-boom';
import type { RequestLine } from './request-line.js';

/**
 * Longest write to a stdout that other processes share, in bytes. Linux writes that much to a pipe at once, so no
 * line of another process gets in between.
 */
const MAX_SHARED_WRITE_BYTES = 4096;

/** How often a write is retried at the end of the process, every 0.1 s, while the reader of stdout is too slow. */
const RETRIES_AT_EXIT = 20;

/** Lines that are gathered before they are written, unless the next flush comes first. */
const CHUNK_LINES = 256;
const FLUSH_INTERVAL_MS = 100;

/** Where lines are written. */
export interface LogDestination {
  /** @param line its text, with a line feed, or an object whose `toString` makes the text when the line is written */
  write(line: string | RequestLine): void;
}

/**
 * Buffered stdout: with one system call per line, logging was a third of a request's cost. Lines are written after at
 * most 0.1 s, and when the process exits. If the reader is slow, lines beyond 16 MiB are dropped; at exit the process
 * waits up to 2 s for the reader.
 *
 * Lines are gathered here, because sonic-boom measures its whole buffer with every write. Uses sonic-boom 5 directly. The
 * older version inside pino never stops retrying at exit when the reader has closed stdout.
 *
 * @param onClosed is called when the reader has closed stdout
 * @param isShared whether other processes write to the same stdout
 */
export function logDestination(onClosed: () => void, isShared: boolean): LogDestination {
  let gathered: (string | RequestLine)[] = [];
  let retriesLeft = Infinity;
  const destination = new sonicBoom.SonicBoom({
    fd: process.stdout.fd,
    sync: false,
    ...(isShared && { maxWrite: MAX_SHARED_WRITE_BYTES }),
    maxLength: 16 * 1024 * 1024,
    retryEAGAIN: () => retriesLeft-- > 0,
  });
  // Other errors, such as a full disk, may be temporary: the unwritten lines are written with the next ones.
  destination.on('error', ({ code }: NodeJS.ErrnoException) => {
    if (code === 'EPIPE') onClosed();
  });
  const flush = () => {
    if (gathered.length === 0) return;
    const lines = gathered;
    gathered = [];
    // Line by line: sonic-boom joins lines up to `maxWrite`, and never splits what it is given at once.
    if (isShared) for (const line of lines) destination.write(line.toString());
    else destination.write(lines.join(''));
  };
  setInterval(flush, FLUSH_INTERVAL_MS).unref();
  process.once('exit', () => {
    retriesLeft = RETRIES_AT_EXIT;
    try {
      // A write only fills the buffer now: one that began here would not end before the process does.
      Object.assign(destination, { minLength: Infinity });
      flush();
      destination.flushSync();
    } catch {
      // There is no way left to report it.
    }
  });
  return {
    write(line) {
      if (gathered.push(line) >= CHUNK_LINES) flush();
    },
  };
}
