import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest, RawRequestDefaultExpression } from 'fastify';
import { InvalidPayloadError } from '../errors/common.errors.js';
import { log } from '../logging/logger.js';
import { sendError } from './app-error.filter.js';
import { errorBody } from './error-body.js';
import { requestIdOf } from './request-id.js';
import { useJsonBodyParser } from './body/json-body.parser.js';
import { deliverEarlyErrors, hasEarlyResponse } from './body/early-response.js';
import type { UploadBudget } from './body/upload-budget.js';

/**
 * Longest path parameter as it is sent: 255 code points of four bytes, each percent-encoded. What is longer still
 * is no id, and is told so like any other bad one.
 */
const MAX_PARAM_LENGTH = 16 * 1024;
/** Longest a client may take to send one request, in milliseconds. */
const REQUEST_TIMEOUT_MS = 60_000;

/** A constant: Node.js 22 has `shouldUpgradeCallback` from 22.21 on, and its type declarations still lack it. */
const HTTP_OPTIONS = {
  // Node would refuse such a request itself, in a shape of its own; a hook does it instead.
  requireHostHeader: false,
  // A client that would rather have HTTP/2 (h2c) is answered as ever: a server may ignore the wish.
  shouldUpgradeCallback: ({ headers }: IncomingMessage) => headers.upgrade?.toLowerCase() === 'websocket',
};

/** Fastify as this service wants it: JSON only, bounded, and every refusal in the one error shape. */
export function createFastifyAdapter(
  { bodyLimitBytes }: { bodyLimitBytes: number },
  uploads: UploadBudget,
): FastifyAdapter {
  const adapter = new FastifyAdapter({
    requestTimeout: REQUEST_TIMEOUT_MS,
    http: HTTP_OPTIONS,
    // By the time the server closes, requests have been drained: what is open is unused, or hangs.
    forceCloseConnections: true,
    // A stopping service answers its last requests itself, in the shape of all errors.
    return503OnClosing: false,
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    genReqId: ({ headers }: RawRequestDefaultExpression) => requestIdOf(headers),
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => {
      reply.header('x-request-id', request.id);
      sendError(error, request, reply);
    },
    clientErrorHandler: answerBrokenRequest,
    skipMiddie: true,
  });
  const fastify = adapter.getInstance();
  useJsonBodyParser(fastify, bodyLimitBytes, uploads);
  deliverEarlyErrors(fastify);
  // A DELETE has no body: one that is sent, or only announced by a content type, is left alone as a GET's is.
  fastify.addHttpMethod('DELETE', { hasBody: false, overrideExisting: true });
  // From then on it is no failed start, but a connection that could not be accepted: too many open files, say.
  fastify.server.once('listening', () =>
    fastify.server.on('error', (error) => log.warn({ err: error }, 'a connection could not be accepted')),
  );
  // Node would answer 417, again in its own shape. An expectation that a server does not know it may ignore.
  fastify.server.on('checkExpectation', (request, response) =>
    fastify.server.emit('request', request, response),
  );
  return adapter;
}

/** Status line and message by Node's code. */
const BROKEN_REQUESTS: Record<string, [status: string, message: string]> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'The headers are too large'],
  ERR_HTTP_REQUEST_TIMEOUT: [
    '408 Request Timeout',
    `The request took longer than ${REQUEST_TIMEOUT_MS / 1000} s to arrive`,
  ],
};

/** What is not even HTTP: Node's parser gives up before there is a request to answer. */
function answerBrokenRequest(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable || hasEarlyResponse(socket)) {
    socket.destroy();
    return;
  }
  const id = randomUUID();
  const [status, message] = BROKEN_REQUESTS[error.code ?? ''] ?? [
    '400 Bad Request',
    'The request is not well-formed HTTP',
  ];
  const violation = new InvalidPayloadError([{ path: '', message }]);
  const body = JSON.stringify(errorBody(violation, id));
  socket.end(
    `HTTP/1.1 ${status}\r\ncontent-type: application/json; charset=utf-8\r\nx-request-id: ${id}\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
