import type {
  FastifyInstance,
  onRequestHookHandler,
  onResponseHookHandler,
  onSendHookHandler,
} from 'fastify';
import type { BrowserAccess } from './auth/browser-access.js';
import { InvalidPayloadError, UnavailableError } from './common/errors/common.errors.js';
import type { OpenConnections } from './common/http/open-connections.js';
import { log } from './common/logging/logger.js';
import { requestFields, withRequestFields } from './common/logging/request-context.js';
import type { Lifecycle } from './lifecycle/lifecycle.js';
import type { Metrics } from './metrics/metrics.js';

interface HookDependencies {
  access: BrowserAccess;
  connections: OpenConnections;
  lifecycle: Lifecycle;
  metrics: Metrics;
}

/**
 * Adds what happens around every HTTP request, in this order. `AuthModule` adds its check of the API key afterwards;
 * the body is read after all of these hooks. A hook that throws, or that sends a response, ends the sequence.
 */
export function addRequestHooks(
  fastify: FastifyInstance,
  { access, connections, lifecycle, metrics }: HookDependencies,
): void {
  fastify.addHook('onRequest', trackUntilClosed(lifecycle, connections));
  fastify.addHook('onRequest', identify);
  fastify.addHook('onRequest', checkHostAndOrigin(access));
  fastify.addHook('onRequest', addCorsHeaders(access));
  fastify.addHook('onRequest', answerPreflight(access));
  fastify.addHook('onRequest', rejectWhileDraining(lifecycle));
  fastify.addHook('onRequest', requireHostHeader);
  fastify.addHook('onSend', closeConnectionWhileDraining(lifecycle));
  fastify.addHook('onResponse', countAndLog(metrics));
}

/** Counts the request as in flight until its response has been sent or its client has disconnected. */
function trackUntilClosed(lifecycle: Lifecycle, connections: OpenConnections): onRequestHookHandler {
  return (_request, reply, done) => {
    lifecycle.requestStarted();
    connections.requestStarted(reply);
    reply.raw.once('close', () => {
      lifecycle.requestFinished();
      connections.requestFinished(reply);
    });
    done();
  };
}

/** Puts the request id on the response and on every log line of the request. */
const identify: onRequestHookHandler = (request, reply, done) => {
  reply.header('x-request-id', request.id);
  withRequestFields({ request_id: request.id }, done);
};

/** @throws HostNotAllowedError, OriginNotAllowedError (403) */
function checkHostAndOrigin(access: BrowserAccess): onRequestHookHandler {
  return ({ headers, routeOptions }, _reply, done) => {
    if (!routeOptions.config.skipBrowserAccessCheck) access.assertAllowed(headers, 'http');
    done();
  };
}

/** Set before the next hooks, so that an allowed web page can also read their errors. */
function addCorsHeaders(access: BrowserAccess): onRequestHookHandler {
  return ({ headers }, reply, done) => {
    const corsHeaders = access.corsHeaders(headers);
    if (corsHeaders) reply.headers(corsHeaders);
    done();
  };
}

/** Answers 204 to the CORS preflight of an allowed web page. */
function answerPreflight(access: BrowserAccess): onRequestHookHandler {
  return ({ headers, method }, reply, done) => {
    const preflightHeaders = access.preflightHeaders(method, headers);
    if (preflightHeaders) void reply.code(204).headers(preflightHeaders).send();
    else done();
  };
}

/** @throws UnavailableError (503) except for public routes: probes, metrics, docs */
function rejectWhileDraining(lifecycle: Lifecycle): onRequestHookHandler {
  return ({ routeOptions }, _reply, done) => {
    if (lifecycle.isDraining && routeOptions.config.scope !== 'public')
      throw new UnavailableError('The service is stopping');
    done();
  };
}

/** @throws InvalidPayloadError (400), in place of Node.js's own response without a body */
const requireHostHeader: onRequestHookHandler = ({ headers, raw }, _reply, done) => {
  if (headers.host === undefined && raw.httpVersion === '1.1')
    throw new InvalidPayloadError([{ path: 'Host', message: 'is a header that HTTP/1.1 requires' }]);
  done();
};

/** A kept-alive connection would keep the server from closing. */
function closeConnectionWhileDraining(lifecycle: Lifecycle): onSendHookHandler {
  return (_request, reply, _payload, done) => {
    if (lifecycle.isDraining) reply.header('connection', 'close');
    done();
  };
}

function countAndLog(metrics: Metrics): onResponseHookHandler {
  return ({ method, routeOptions }, reply, done) => {
    // The pattern of the route, never the path, which contains ids.
    const route = routeOptions.url ?? 'unknown';
    const status = reply.statusCode;
    metrics.httpRequests.inc({ method, route, status });
    const level = status >= 500 ? 'error' : 'info';
    const duration_ms = Math.round(reply.elapsedTime * 100) / 100;
    log[level]({ ...requestFields(), method, route, status, duration_ms }, 'request');
    done();
  };
}
