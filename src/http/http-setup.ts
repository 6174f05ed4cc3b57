import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, onRequestHookHandler } from 'fastify';
import { Authorizer } from '../auth/authorizer.js';
import { BrowserAccess } from '../auth/browser-access.js';
import { AppError } from '../common/errors/app-error.js';
import { sendError } from '../common/http/api-error.filter.js';
import { deliverEarlyErrors } from '../common/http/body/early-response.js';
import { useJsonBodyParser } from '../common/http/body/json-body.parser.js';
import { UploadBudget } from '../common/http/body/upload-budget.js';
import { MAX_PARAM_LENGTH } from '../common/http/fastify.js';
import type { HookTarget } from '../common/http/hook-target.js';
import { OpenConnections } from '../common/http/open-connections.js';
import { requestIdOf } from '../common/http/request-id.js';
import { log } from '../common/logging/logger.js';
import { AppConfig } from '../config/app-config.js';
import { Lifecycle } from '../lifecycle/lifecycle.js';
import { Metrics } from '../metrics/metrics.js';
import { StreamWsAdapter } from '../stream/stream.ws-adapter.js';
import { callControllersDirectly } from './direct-routes.js';
import { DeclaredRouteHooks } from './declared-route-hooks.js';
import { addRequestHooks, type ResponseHeaders } from './request-hooks.js';

/**
 * Installs Fastpaca on the Fastify adapter of a Nest application that imports `FastpacaModule`. Call it once, after
 * `NestFactory.create` and before `app.init()` or `app.listen()`.
 *
 * It adds hooks, the JSON parser and the error responses to the routes of Fastpaca, and the authorization to every route
 * with `@RequireScope(...)` or `@Public()`. Other routes are not touched. It also sets a websocket adapter, which serves the
 * gateways of the application as Nest's `WsAdapter` does.
 */
export function useFastpaca(app: NestFastifyApplication): void {
  const fastify = app.getHttpAdapter().getInstance();
  warnOfShortParameters(fastify);
  const target = new DeclaredRouteHooks(fastify);
  target.addHook('onRequest', assignRequestId);
  addRequestHandling(app, fastify, target);
  answerErrorsOfOwnRoutes(fastify);
}

/**
 * As `useFastpaca`, in an application whose HTTP server belongs to Fastpaca: the hooks run for every request.
 *
 * @param headers of the responses
 */
export function useFastpacaForAllRoutes(app: NestFastifyApplication, headers: ResponseHeaders): void {
  const fastify = app.getHttpAdapter().getInstance();
  const connections = addRequestHandling(app, fastify, fastify, headers);
  app.get(Lifecycle).onForceClose(() => connections.closeIdleAndStalled());
}

function addRequestHandling(
  app: NestFastifyApplication,
  fastify: FastifyInstance,
  target: HookTarget,
  headers: ResponseHeaders = { api: {}, other: {} },
): OpenConnections {
  callControllersDirectly(app);
  const config = app.get(AppConfig);
  const metrics = app.get(Metrics);
  const uploads = new UploadBudget(config.uploadBytes);
  useJsonBodyParser(fastify, target, config.bodyLimitBytes, uploads);
  deliverEarlyErrors(target);
  metrics.addUploadGauge(() => uploads.load());
  const connections = new OpenConnections(fastify, config.requestTimeoutMs);
  addRequestHooks(target, {
    access: app.get(BrowserAccess),
    authorizer: app.get(Authorizer),
    connections,
    headers,
    lifecycle: app.get(Lifecycle),
    metrics,
  });
  app.useWebSocketAdapter(new StreamWsAdapter(app));
  return connections;
}

/** The Fastify adapter of the whole service assigns the id itself (`genReqId`); a host application has ids of its own. */
const assignRequestId: onRequestHookHandler = (request, _reply, done) => {
  request.id = requestIdOf(request.headers);
  done();
};

/** Errors of hooks and of the parser never reach Nest's filters of a controller, only those of the whole application. */
function answerErrorsOfOwnRoutes(fastify: FastifyInstance): void {
  fastify.addHook('onRoute', (route) => {
    const { scope, isFastpaca } = route.config ?? {};
    if (scope === undefined) return;
    route.errorHandler = (error, request, reply) => {
      if (isFastpaca || error instanceof AppError) sendError(error, request, reply);
      else fastify.errorHandler(error, request, reply);
    };
  });
}

function warnOfShortParameters({ initialConfig }: FastifyInstance): void {
  const { maxParamLength } = initialConfig.routerOptions ?? {};
  if ((maxParamLength ?? 0) >= MAX_PARAM_LENGTH) return;
  log.warn(
    `Fastify rejects path parameters of more than ${maxParamLength} characters, so that long conversation ids answer 404: ` +
      `create the application with new FastifyAdapter({ routerOptions: { maxParamLength: ${MAX_PARAM_LENGTH} } })`,
  );
}
