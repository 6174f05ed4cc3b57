import type { IncomingMessage } from 'node:http';

/** Requests resumed per turn of the event loop. Each delivers up to 64 KiB. */
const READS_PER_TURN = 8;

// One queue for the whole process, because all connections share one event loop.
/** Paused requests whose body is needed. */
const pendingReads: IncomingMessage[] = [];
/** Paused requests whose body is discarded; resumed when fewer than `READS_PER_TURN` requests are in `pendingReads`. */
const pendingDiscards: IncomingMessage[] = [];

/**
 * Pauses a request that has delivered a chunk of its body, and resumes it when all requests before it had their turn.
 * Without this, Node.js reads up to 2 MiB of each connection before it looks at the next: with 250 uploads, one turn of
 * the event loop took seconds.
 */
export function scheduleNextRead(request: IncomingMessage, { discard = false } = {}): void {
  request.pause();
  if (pendingReads.length + pendingDiscards.length === 0) setImmediate(resumeNext);
  (discard ? pendingDiscards : pendingReads).push(request);
}

function resumeNext(): void {
  const reads = pendingReads.splice(0, READS_PER_TURN);
  // At least one, so that discarded bodies also come to an end.
  const discards = pendingDiscards.splice(0, Math.max(1, READS_PER_TURN - reads.length));
  if (pendingReads.length + pendingDiscards.length > 0) setImmediate(resumeNext);
  for (const request of [...reads, ...discards]) request.resume();
}
