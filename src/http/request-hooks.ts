import type { onRequestHookHandler, onResponseHookHandler, onSendHookHandler } from 'fastify';
import type { Authorizer } from '../auth/authorizer.js';
import type { BrowserAccess } from '../auth/browser-access.js';
import type { Principal } from '../auth/principal.js';
import { InvalidPayloadError, UnavailableError } from '../common/errors/common.errors.js';
import type { OpenConnections } from '../common/http/open-connections.js';
import { log } from '../common/logging/logger.js';
import { requestFields, withRequestFields } from '../common/logging/request-context.js';
import type { Lifecycle } from '../lifecycle/lifecycle.js';
import type { Metrics } from '../metrics/metrics.js';
import type { HookTarget } from '../common/http/hook-target.js';

interface HookDependencies {
  authorizer: Authorizer;
  access: BrowserAccess;
  connections: OpenConnections;
  lifecycle: Lifecycle;
  metrics: Metrics;
}

/**
 * Adds what happens around a request, in this order. The body is read after all `onRequest` hooks. A hook that throws, or
 * that sends a response, ends the sequence.
 */
export function addRequestHooks(
  target: HookTarget,
  { access, authorizer, connections, lifecycle, metrics }: HookDependencies,
): void {
  target.addHook('onRequest', trackUntilClosed(lifecycle, connections));
  target.addHook('onRequest', identify);
  target.addHook('onRequest', checkHostAndOrigin(access));
  target.addHook('onRequest', addCorsHeaders(access));
  target.addHook('onRequest', answerPreflight(access));
  target.addHook('onRequest', rejectWhileDraining(lifecycle));
  target.addHook('onRequest', requireHostHeader);
  target.addHook('onRequest', authorize(authorizer));
  target.addHook('onSend', closeConnectionWhileDraining(lifecycle));
  target.addHook('onResponse', countAndLog(metrics));
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

/**
 * Authorizes the caller of every route that is not public, and of unknown paths under `/v1`. It is a hook and not a Nest
 * guard, because guards run after the body has been read.
 */
function authorize(authorizer: Authorizer): onRequestHookHandler {
  return (request, _reply, done) => {
    const { scope } = request.routeOptions.config;
    if (scope === 'public' || (scope === undefined && !/^\/v1(\/|$|\?)/.test(request.url))) {
      done();
      return;
    }
    const proceed = (principal: Principal) => {
      request.principal = principal;
      done();
    };
    const principal = authorizer.authorize(request.headers, scope);
    if (principal instanceof Promise) principal.then(proceed, done);
    else proceed(principal);
  };
}

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
    metrics.countRequest({ method, route, status, durationMs: reply.elapsedTime });
    const duration_ms = Math.round(reply.elapsedTime * 100) / 100;
    log[logLevel(route, status)]({ ...requestFields(), method, route, status, duration_ms }, 'request');
    done();
  };
}

/** Probes arrive every few seconds. `/health/ready` logs the change of its result instead. */
function logLevel(route: string, status: number): 'debug' | 'info' | 'error' {
  if (route.startsWith('/health/')) return 'debug';
  return status >= 500 ? 'error' : 'info';
}
