import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { UnavailableError } from '../errors/common.errors.js';
import { sendError } from './app-error.filter.js';

declare module 'fastify' {
  interface FastifyReply {
    /** When the time limit of the request is over, in milliseconds of the monotonic clock. */
    answerBy: number;
  }
}

/** No long poll lasts longer, whatever it asks for. */
const LONGEST_POLL_MS = 60_000;
/** How often the time limits of requests are checked, in milliseconds. A timer per request would cost more. */
const CHECK_INTERVAL_MS = 100;

/**
 * The open connections of the HTTP server, with the request that each is busy with. Answers 503 when a request takes
 * too long, and ends what waits for its client when the service stops.
 */
export class OpenConnections {
  private readonly replies = new Map<Socket, FastifyReply | undefined>();

  /**
   * @param timeoutMs time limit of a request, from when it has been read: the waits for a queue, for a connection and for
   *   the database may add up. The time that a long poll asks for (`wait_ms`) is added. Fastify's own `handlerTimeout`
   *   also counts the time that a client takes to send its body, and knows no addition.
   */
  constructor(fastify: FastifyInstance, timeoutMs: number) {
    fastify.server.on('connection', (socket: Socket) => {
      this.replies.set(socket, undefined);
      socket.once('close', () => this.replies.delete(socket));
    });
    fastify.decorateReply('answerBy', Infinity);
    fastify.addHook('preHandler', (request, reply, done) => {
      reply.answerBy = performance.now() + timeoutMs + waitMs(request.query);
      done();
    });
    const check = setInterval(() => this.answerLate(), CHECK_INTERVAL_MS).unref();
    fastify.server.once('close', () => clearInterval(check));
  }

  /** A request has begun to arrive on its connection. */
  began(reply: FastifyReply): void {
    const { socket } = reply.request.raw;
    if (this.replies.has(socket)) this.replies.set(socket, reply);
  }

  /** Its answer has been sent, or its client has left. */
  ended(reply: FastifyReply): void {
    const { socket } = reply.request.raw;
    if (this.replies.get(socket) === reply) this.replies.set(socket, undefined);
  }

  /** Ends every connection but those whose request has arrived whole and is still being worked on. */
  endWaitingForClients(): void {
    for (const [socket, reply] of this.replies) if (!isWorkedOn(reply)) socket.destroy();
  }

  private answerLate(): void {
    const now = performance.now();
    for (const reply of this.replies.values()) {
      if (!reply || reply.answerBy > now || reply.sent) continue;
      const error = 'The request takes too long; whether a write was stored is not known';
      sendError(new UnavailableError(error), reply.request, reply);
    }
  }
}

function isWorkedOn(reply: FastifyReply | undefined): boolean {
  return reply !== undefined && reply.request.raw.complete && !reply.raw.headersSent;
}

/** The time that a long poll asks for. What is no number is rejected later, with the other violations. */
function waitMs(query: unknown): number {
  const { wait_ms: wait } = query as { wait_ms?: unknown };
  return typeof wait === 'string' && /^\d+$/.test(wait) ? Math.min(Number(wait), LONGEST_POLL_MS) : 0;
}
