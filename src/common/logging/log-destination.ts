import sonicBoom from 'sonic-boom';

/**
 * Stdout, written some lines at a time: a system call for each was a third of what a request cost. Nothing waits
 * longer than 0.1 s, nor past the end of the process; what a slow reader does not take is dropped from 16 MiB on, and
 * at the end it is waited for 2 s.
 *
 * sonic-boom itself, not the older one inside pino, which at the end of the process tries for ever to write to a
 * reader that is gone.
 *
 * @param onGone is called when the reader is gone for good
 */
export function logDestination(onGone: () => void): sonicBoom.SonicBoom {
  let triesLeft = Infinity;
  const destination = new sonicBoom.SonicBoom({
    fd: process.stdout.fd,
    sync: false,
    minLength: 4096,
    periodicFlush: 100,
    maxLength: 16 * 1024 * 1024,
    // Asked each 0.1 s that the reader takes nothing.
    retryEAGAIN: () => triesLeft-- > 0,
  });
  // Any other error, a full disk say, may pass: what it held up is written with the next lines.
  destination.on('error', ({ code }: NodeJS.ErrnoException) => {
    if (code === 'EPIPE') onGone();
  });
  process.once('exit', () => {
    triesLeft = 20;
    try {
      destination.flushSync();
    } catch {
      // Nobody is there to be told.
    }
  });
  return destination;
}
