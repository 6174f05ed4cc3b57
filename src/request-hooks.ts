import type { FastifyInstance, FastifyRequest } from 'fastify';
import { InvalidPayloadError, UnavailableError } from './common/errors/common.errors.js';
import { log } from './common/logging/logger.js';
import { requestFields, withRequestFields } from './common/logging/request-context.js';
import type { Lifecycle } from './health/lifecycle.js';
import type { Metrics } from './metrics/metrics.js';

/** What happens around every request: its id, its log line, its count, and 503 once the service is stopping. */
export function useRequestHooks(fastify: FastifyInstance, lifecycle: Lifecycle, metrics: Metrics): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    lifecycle.requestBegan();
    reply.raw.once('close', () => lifecycle.requestEnded()); // also when the client leaves before the answer
    reply.header('x-request-id', request.id);
    withRequestFields({ request_id: request.id }, () => {
      const isProbe = request.routeOptions.config.scope === 'public';
      if (lifecycle.isDraining && !isProbe) {
        done(new UnavailableError('The service is stopping'));
      } else if (request.headers.host === undefined && request.raw.httpVersion === '1.1') {
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
