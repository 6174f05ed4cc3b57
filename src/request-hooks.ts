import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { BrowserAccess } from './auth/browser-access.js';
import { InvalidPayloadError, UnavailableError } from './common/errors/common.errors.js';
import type { OpenConnections } from './common/http/open-connections.js';
import { log } from './common/logging/logger.js';
import { requestFields, withRequestFields } from './common/logging/request-context.js';
import type { Lifecycle } from './lifecycle/lifecycle.js';
import type { Metrics } from './metrics/metrics.js';

/**
 * What happens around every request: its id, its log line, its count, 403 for web pages that may not use the service,
 * and 503 once the service is stopping.
 */
export function useRequestHooks(
  fastify: FastifyInstance,
  connections: OpenConnections,
  access: BrowserAccess,
  lifecycle: Lifecycle,
  metrics: Metrics,
): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    lifecycle.requestBegan();
    connections.began(reply);
    // Also when the client leaves before the answer.
    reply.raw.once('close', () => {
      lifecycle.requestEnded();
      connections.ended(reply);
    });
    reply.header('x-request-id', request.id);
    withRequestFields({ request_id: request.id }, () => {
      const { headers, method, raw } = request;
      const { scope, underAnyHost } = request.routeOptions.config;
      try {
        if (!underAnyHost) access.check(headers, 'http');
      } catch (error) {
        done(error as Error);
        return;
      }
      const forPages = access.answerHeaders(headers);
      if (forPages) reply.headers(forPages);
      const preflight = access.preflightHeaders(method, headers);
      if (preflight) void reply.code(204).headers(preflight).send();
      else if (lifecycle.isDraining && scope !== 'public') {
        done(new UnavailableError('The service is stopping'));
      } else if (headers.host === undefined && raw.httpVersion === '1.1') {
        done(new InvalidPayloadError([{ path: 'Host', message: 'is a header that HTTP/1.1 requires' }]));
      } else done();
    });
  });

  fastify.addHook('onSend', (_request, reply, _payload, done) => {
    // The connection is not to be used again, nor to keep the service from closing.
    if (lifecycle.isDraining) reply.header('connection', 'close');
    done();
  });

  fastify.addHook('onResponse', (request, reply, done) => {
    const { method } = request;
    const route = routePattern(request);
    const status = reply.statusCode;
    metrics.httpRequests.inc({ method, route, status });
    const level = status >= 500 ? 'error' : 'info';
    log[level](
      { ...requestFields(), method, route, status, duration_ms: Math.round(reply.elapsedTime * 100) / 100 },
      'request',
    );
    done();
  });
}

/** Never the path itself, which holds ids. */
function routePattern({ routeOptions }: FastifyRequest): string {
  return routeOptions.url ?? 'unknown';
}
