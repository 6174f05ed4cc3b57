import type { IncomingMessage } from 'node:http';
import type {
  FastifyReply,
  FastifyRequest,
  onRequestHookHandler,
  onResponseHookHandler,
  onSendHookHandler,
} from 'fastify';
import type { Authorizer } from '../auth/authorizer.js';
import type { BrowserAccess } from '../auth/browser-access.js';
import type { Principal } from '../auth/principal.js';
import { InvalidPayloadError, UnavailableError } from '../common/errors/common.errors.js';
import type { OpenConnections } from '../common/http/open-connections.js';
import { logRequest } from '../common/logging/logger.js';
import type { AnsweredRequest } from '../common/logging/request-line.js';
import { withRequestFields } from '../common/logging/request-context.js';
import type { Lifecycle } from '../lifecycle/lifecycle.js';
import type { Metrics } from '../metrics/metrics.js';
import type { HookTarget } from '../common/http/hook-target.js';

interface HookDependencies {
  authorizer: Authorizer;
  access: BrowserAccess;
  connections: OpenConnections;
  headers: ResponseHeaders;
  lifecycle: Lifecycle;
  metrics: Metrics;
}

/** Headers of every response, by the kind of its route. */
export interface ResponseHeaders {
  /** Of the routes of Fastpaca, which answer programs. */
  api: Readonly<Record<string, string>>;
  /** Of all others, such as the API documents and the routes of a team, which may be pages. */
  other: Readonly<Record<string, string>>;
}

/** Adds what happens around a request. The body is read after `admit`. */
export function addRequestHooks(target: HookTarget, dependencies: HookDependencies): void {
  target.addHook('onRequest', admit(dependencies));
  target.addHook('onSend', closeConnectionWhileDraining(dependencies.lifecycle));
  target.addHook('onResponse', countAndLog(dependencies.metrics));
}

/**
 * Does everything before the body is read, in this order, in one hook: with a hook for each step, the calls from one to the next
 * took longer than the steps. A step that throws ends the request with an error response.
 */
function admit({
  access,
  authorizer,
  connections,
  headers: responseHeaders,
  lifecycle,
}: HookDependencies): onRequestHookHandler {
  return (request, reply, done) => {
    const { config } = request.routeOptions;
    request.routeConfig = config;
    trackUntilClosed(reply, lifecycle, connections);
    reply.headers(config.isFastpaca ? responseHeaders.api : responseHeaders.other);
    reply.header('x-request-id', request.id);
    request.logFields = { request_id: request.id };
    withRequestFields(request.logFields, () => {
      const { method, headers, raw } = request;
      if (!config.skipBrowserAccessCheck) access.assertAllowed(headers, 'http');
      // Before the next steps, so that an allowed web page can also read their errors.
      const corsHeaders = access.corsHeaders(headers);
      if (corsHeaders) reply.headers(corsHeaders);
      const preflightHeaders = access.preflightHeaders(method, headers);
      if (preflightHeaders) {
        void reply.code(204).headers(preflightHeaders).send();
        return;
      }
      if (lifecycle.isDraining && config.scope !== 'public')
        throw new UnavailableError('The service is stopping');
      requireHostHeader(raw);
      authorize(authorizer, request, reply, done);
    });
  };
}

/** Counts the request as in flight until its response has been sent or its client has disconnected. */
function trackUntilClosed(reply: FastifyReply, lifecycle: Lifecycle, connections: OpenConnections): void {
  lifecycle.requestStarted();
  connections.requestStarted(reply);
  reply.raw.once('close', () => {
    lifecycle.requestFinished();
    connections.requestFinished(reply);
  });
}

/** @throws InvalidPayloadError (400), in place of Node.js's own response without a body */
function requireHostHeader({ headers, httpVersion }: IncomingMessage): void {
  if (headers.host === undefined && httpVersion === '1.1')
    throw new InvalidPayloadError([{ path: 'Host', message: 'is a header that HTTP/1.1 requires' }]);
}

/**
 * Authorizes the caller of every route that is not public, and of unknown paths under `/v1`. Not a Nest guard, because guards
 * run after the body has been read.
 */
function authorize(
  authorizer: Authorizer,
  request: FastifyRequest,
  reply: FastifyReply,
  done: (error?: Error) => void,
): void {
  const scope = requiredScope(request);
  const proceed = (principal?: Principal) => {
    request.principal = principal;
    reply.isAdmitted = true;
    done();
  };
  if (scope === 'public' || (scope === undefined && !/^\/v1(\/|$|\?)/.test(request.url))) {
    proceed();
    return;
  }
  const principal = authorizer.authorize(request.headers, scope);
  if (principal instanceof Promise) principal.then(proceed, done);
  else proceed(principal);
}

function requiredScope({ routeConfig, query }: FastifyRequest): string | undefined {
  const { scope, scopeException } = routeConfig ?? {};
  if (!scopeException) return scope;
  const { parameter, value } = scopeException;
  return (query as Record<string, unknown>)[parameter] === value ? scopeException.scope : scope;
}

/** A kept-alive connection would keep the server from closing. */
function closeConnectionWhileDraining(lifecycle: Lifecycle): onSendHookHandler {
  return (_request, reply, _payload, done) => {
    if (lifecycle.isDraining) reply.header('connection', 'close');
    done();
  };
}

function countAndLog({ requests }: Metrics): onResponseHookHandler {
  return ({ id, method, routeConfig, logFields }, reply, done) => {
    const answered = {
      method,
      route: routeConfig?.url ?? 'unknown',
      status: reply.statusCode,
      durationMs: reply.elapsedTime,
    };
    requests.count(answered);
    logRequest(logLevel(answered), logFields ?? { request_id: id }, answered);
    done();
  };
}

/** Probes arrive every few seconds. `/health/ready` logs the change of its result instead. */
function logLevel({ route, status }: AnsweredRequest): 'debug' | 'info' | 'error' {
  if (route.startsWith('/health/')) return 'debug';
  return status >= 500 ? 'error' : 'info';
}
