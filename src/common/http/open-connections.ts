import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { UnavailableError } from '../errors/common.errors.js';
import { sendError } from './api-error.filter.js';

declare module 'fastify' {
  interface FastifyReply {
    /** The caller may send this request: it is handled as soon as its body has been read. */
    isAdmitted: boolean;
    /**
     * When the request times out, in milliseconds of the monotonic clock (`performance.now()`); Infinity until a check has found
     * that it is being handled.
     */
    deadline: number;
  }
}

/** Longest time that a long poll (`wait_ms`) waits, in milliseconds: below the timeout of most proxies. */
export const MAX_LONG_POLL_MS = 55_000;
/** How often deadlines are checked, in milliseconds. One timer for all requests costs less than a timer per request. */
const DEADLINE_CHECK_INTERVAL_MS = 100;

/**
 * The open connections of the HTTP server and the request in flight on each. Answers 503 when a request exceeds its
 * time limit, and closes connections that would delay the stop of the service.
 */
export class OpenConnections {
  private readonly replies = new Map<Socket, FastifyReply | undefined>();

  /**
   * @param timeoutMs time limit of a request, from when it has been admitted and read: the waits for a queue, for a connection
   *   and for the database may add up. The `wait_ms` of a long poll is added to it. Fastify's own `handlerTimeout` does
   *   not fit: it also counts the time that a client takes to send its body, and is the same for every request.
   */
  constructor(
    fastify: FastifyInstance,
    private readonly timeoutMs: number,
  ) {
    fastify.server.on('connection', (socket: Socket) => {
      this.replies.set(socket, undefined);
      socket.once('close', () => this.replies.delete(socket));
    });
    fastify.decorateReply('isAdmitted', false);
    fastify.decorateReply('deadline', Infinity);
    const check = setInterval(() => this.rejectOverdue(), DEADLINE_CHECK_INTERVAL_MS).unref();
    fastify.server.once('close', () => clearInterval(check));
  }

  /** The headers of a request have been received. */
  requestStarted(reply: FastifyReply): void {
    const { socket } = reply.request.raw;
    if (this.replies.has(socket)) this.replies.set(socket, reply);
  }

  /** The response has been sent, or the client has disconnected. */
  requestFinished(reply: FastifyReply): void {
    const { socket } = reply.request.raw;
    if (this.replies.get(socket) === reply) this.replies.set(socket, undefined);
  }

  /** Closes every connection except those whose request has been received completely and is being processed. */
  closeIdleAndStalled(): void {
    for (const [socket, reply] of this.replies) if (!isProcessing(reply)) socket.destroy();
  }

  /** The time limit begins at the first check that finds a request being handled: nothing is done per request. */
  private rejectOverdue(): void {
    const now = performance.now();
    for (const reply of this.replies.values()) {
      if (!reply || reply.sent) continue;
      if (reply.deadline <= now) {
        const error = 'The request timed out; it is not known whether a write was stored';
        sendError(new UnavailableError(error), reply.request, reply);
      } else if (reply.deadline === Infinity && isBeingHandled(reply))
        reply.deadline = now + this.timeoutMs + pollMs(reply.request.query);
    }
  }
}

/** Whether the handler has been called, or will be at once. */
function isBeingHandled({ isAdmitted, request }: FastifyReply): boolean {
  const { raw, body, uploadReservation } = request;
  return isAdmitted && raw.complete && (body !== undefined || uploadReservation === undefined);
}

function isProcessing(reply: FastifyReply | undefined): boolean {
  return reply !== undefined && reply.request.raw.complete && !reply.raw.headersSent;
}

/** `wait_ms` of a long poll. A value that is not a number is rejected later, with the other violations. */
function pollMs(query: unknown): number {
  const { wait_ms: wait } = query as { wait_ms?: unknown };
  return typeof wait === 'string' && /^\d+$/.test(wait) ? Math.min(Number(wait), MAX_LONG_POLL_MS) : 0;
}
