import type { IncomingMessage } from 'node:http';

/** Connections that are read from in one turn of the event loop; each gives up to 64 KiB. */
const PER_TURN = 8;

/** Requests with more to read, of the whole process, as the event loop is. */
let wanted: IncomingMessage[] = [];
/** Requests whose rest is discarded: read from when there is less than a turn of the others. */
let discarded: IncomingMessage[] = [];

/**
 * Pauses a request that has given a chunk of its body until it is its turn to give the next one. Node.js would read up
 * to 2 MiB of every connection that has them: with 250 uploads, one turn of the event loop took seconds.
 */
export function readOnInTurn(request: IncomingMessage, { discard = false } = {}): void {
  request.pause();
  if (wanted.length + discarded.length === 0) setImmediate(resumeFirst);
  (discard ? discarded : wanted).push(request);
}

function resumeFirst(): void {
  const first = [...wanted.slice(0, PER_TURN), ...discarded.slice(0, Math.max(1, PER_TURN - wanted.length))];
  wanted = wanted.slice(PER_TURN);
  discarded = discarded.filter((request) => !first.includes(request));
  if (wanted.length + discarded.length > 0) setImmediate(resumeFirst);
  for (const request of first) request.resume();
}
