import type { FastifyInstance } from 'fastify';
import { UnavailableError } from '../errors/common.errors.js';
import { sendError } from './app-error.filter.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Answers 503 when it fires. Undefined until the request has been read. */
    deadline?: NodeJS.Timeout;
  }
}

/**
 * Answers a request with 503 that takes longer than `timeoutMs` once it has been read: the waits for a queue, for a
 * connection and for the database may add up. A stream, which is answered at once, is not concerned, and the time that a
 * long poll asks for (`wait_ms`) is added. Fastify's own `handlerTimeout` also counts the time that a client takes to send
 * its body, and knows no addition.
 */
export function useRequestDeadline(fastify: FastifyInstance, timeoutMs: number): void {
  fastify.decorateRequest('deadline');
  fastify.addHook('preHandler', (request, reply, done) => {
    // The hook runs again for a handler that calls the one of unknown routes.
    if (!request.deadline) {
      const answer = () => {
        const error = 'The request takes too long; whether a write was stored is not known';
        if (!reply.sent) sendError(new UnavailableError(error), request, reply);
      };
      request.deadline = setTimeout(answer, timeoutMs + waitMs(request.query)).unref();
      reply.raw.once('close', () => clearTimeout(request.deadline));
    }
    done();
  });
}

/** What is no number is rejected later, with the other violations. */
function waitMs(query: unknown): number {
  const { wait_ms: wait } = query as { wait_ms?: unknown };
  return typeof wait === 'string' && /^\d{1,6}$/.test(wait) ? Number(wait) : 0;
}
