import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { freeBytes } from './body-reader.js';
import { readOnInTurn } from './read-turns.js';

/** Connections that have been sent their answer, while the rest of the body is discarded. */
const answeredEarly = new WeakSet<Socket>();

/** Whether the request that is arriving on this connection has been answered: nothing may be sent for it any more. */
export function isAnswered(socket: Socket): boolean {
  return answeredEarly.has(socket);
}

/** Longest a client may go on sending the body of a request that has been answered, in milliseconds. */
const MAX_READ_ON_MS = 30_000;

/**
 * Ends what a body takes of the limits when its request is answered, and delivers errors that are answered before the
 * body has been read. To close the connection at once, as Node.js does where the connection is not kept, would reset it,
 * and the client would lose the answer while it still writes. So the answer is sent whole, but is ended only when the
 * rest of the body has come, which is discarded. A client that never stops is cut off.
 */
export function endBodies(fastify: FastifyInstance): void {
  fastify.addHook('onSend', (request, reply, payload, done) => {
    // Not when the connection closes: a client that leaves does not end what its request has begun.
    request.uploadSlot?.release();
    const { raw } = request;
    if (
      reply.statusCode < 400 ||
      raw.complete ||
      raw.destroyed ||
      typeof payload !== 'string' ||
      !hasBody(raw)
    ) {
      done(null, payload);
      return;
    }
    reply.header('content-length', Buffer.byteLength(payload));
    const answer = new PassThrough();
    answer.write(payload);
    discardRest(raw, () => answer.end());
    done(null, answer);
  });
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function discardRest(request: IncomingMessage, whenOver: () => void): void {
  const timer = setTimeout(() => request.destroy(), MAX_READ_ON_MS).unref();
  const { socket } = request;
  answeredEarly.add(socket);
  const end = () => {
    clearTimeout(timer);
    answeredEarly.delete(socket);
    whenOver();
  };
  request.once('end', end).once('close', end);
  request.on('data', (chunk: Buffer) => {
    freeBytes(chunk);
    readOnInTurn(request, { discard: true });
  });
}
