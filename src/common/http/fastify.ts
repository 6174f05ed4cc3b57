import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest, RawRequestDefaultExpression } from 'fastify';
import { InvalidPayloadError } from '../errors/common.errors.js';
import { log } from '../logging/logger.js';
import { sendError } from './api-error.filter.js';
import { endWithErrorResponse } from './raw-error-response.js';
import { requestIdOf } from './request-id.js';
import { hasEarlyResponse } from './body/early-response.js';

/**
 * Longest path parameter, percent-encoded. An id of 255 code points takes at most 255 × 4 × 3 characters; the rest lets
 * longer ids reach the check that names the limit, instead of a 404.
 */
export const MAX_PARAM_LENGTH = 16 * 1024;
/** How long a client may take to send one request, in milliseconds. */
const REQUEST_TIMEOUT_MS = 60_000;

/** Not inline: Node.js 22 has `shouldUpgradeCallback` since 22.21, but its type declarations lack it. */
const HTTP_OPTIONS = {
  // A hook rejects requests without `Host` instead of Node, whose error would not have the shape of ours.
  requireHostHeader: false,
  // An upgrade to another protocol, such as HTTP/2 (h2c), is ignored as RFC 9110, 7.8 allows: the request is an ordinary one.
  shouldUpgradeCallback: ({ headers }: IncomingMessage) => headers.upgrade?.toLowerCase() === 'websocket',
};

/** Fastify with the limits of this service, and every error before a request reaches a route in the shape of the API. */
export function createFastifyAdapter(): FastifyAdapter {
  const adapter = new FastifyAdapter({
    requestTimeout: REQUEST_TIMEOUT_MS,
    http: HTTP_OPTIONS,
    // When the server closes, requests have been drained: connections that are still open are unused or hang.
    forceCloseConnections: true,
    // A hook rejects requests while the service stops, in the shape of all errors.
    return503OnClosing: false,
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    genReqId: ({ headers }: RawRequestDefaultExpression) => requestIdOf(headers),
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) =>
      sendError(error, request, reply),
    clientErrorHandler: rejectMalformedRequest,
    skipMiddie: true,
  });
  const fastify = adapter.getInstance();
  // A DELETE has no body: a body or a content type that is sent anyway is ignored, as with GET.
  fastify.addHttpMethod('DELETE', { hasBody: false, overrideExisting: true });
  // Once the server listens, an error means that a connection could not be accepted, for example too many open files.
  fastify.server.once('listening', () =>
    fastify.server.on('error', (error) => log.warn({ err: error }, 'a connection could not be accepted')),
  );
  // An unknown expectation may be ignored. Node would send 417, and not in the shape of our errors.
  fastify.server.on('checkExpectation', (request, response) =>
    fastify.server.emit('request', request, response),
  );
  return adapter;
}

/** Status and message by the code of Node's error. */
const MALFORMED_REQUESTS: Record<string, { status: number; message: string }> = {
  HPE_HEADER_OVERFLOW: { status: 431, message: 'The headers are too large' },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: 408,
    message: `The request took longer than ${REQUEST_TIMEOUT_MS / 1000} s to arrive`,
  },
};

/** Responds to what Node's parser gives up on before there is a request. */
function rejectMalformedRequest(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable || hasEarlyResponse(socket)) {
    socket.destroy();
    return;
  }
  const { status, message } = MALFORMED_REQUESTS[error.code ?? ''] ?? {
    status: 400,
    message: 'The request is not well-formed HTTP',
  };
  endWithErrorResponse(socket, new InvalidPayloadError([{ path: '', message }]), randomUUID(), status);
}
