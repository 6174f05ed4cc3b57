import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule } from './app.module.js';
import { BrowserAccess } from './auth/browser-access.js';
import { UploadBudget } from './common/http/body/upload-budget.js';
import { createFastifyAdapter } from './common/http/fastify.js';
import { OpenConnections } from './common/http/open-connections.js';
import { NestLogger } from './common/logging/nest-logger.js';
import type { AppConfig } from './config/app-config.js';
import { Lifecycle } from './lifecycle/lifecycle.js';
import { Metrics } from './metrics/metrics.js';
import { serveApiDocs } from './openapi.js';
import { addRequestHooks } from './request-hooks.js';
import { StreamWsAdapter } from './stream/stream.ws-adapter.js';

type RootModule = Parameters<typeof NestFactory.create>[0];
type SecurityHeaders = Parameters<NestFastifyApplication['useSecurityHeaders']>[0];

const SECURITY_HEADERS: SecurityHeaders = {
  // TLS, if any, ends at a proxy in front of this service, which can neither promise nor require it.
  strictTransportSecurity: false,
  contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } },
  // These headers matter only to web pages, some only to old browsers, and would be half of a small response.
  crossOriginOpenerPolicy: false,
  crossOriginResourcePolicy: false,
  originAgentCluster: false,
  xDnsPrefetchControl: false,
  xDownloadOptions: false,
  xPermittedCrossDomainPolicies: false,
  xXssProtection: false,
};

/**
 * Builds the application. When it resolves, the database is migrated and the application can listen.
 *
 * @param root the root module; a team passes its own, which imports `AppModule.forRoot(config)` and adds modules to it
 */
export async function createApp(
  config: AppConfig,
  root: RootModule = AppModule.forRoot(config),
): Promise<NestFastifyApplication> {
  const uploads = new UploadBudget(config.uploadBytes);
  const app = await NestFactory.create<NestFastifyApplication>(root, createFastifyAdapter(config, uploads), {
    logger: new NestLogger(),
    bodyParser: false,
    abortOnError: false,
  });
  app.useSecurityHeaders(SECURITY_HEADERS);

  const fastify = app.getHttpAdapter().getInstance();
  const access = app.get(BrowserAccess);
  const lifecycle = app.get(Lifecycle);
  const metrics = app.get(Metrics);
  const connections = new OpenConnections(fastify, config.requestTimeoutMs);
  addRequestHooks(fastify, { access, connections, lifecycle, metrics });
  lifecycle.onForceClose(() => connections.closeIdleAndStalled());
  metrics.addUploadGauge(() => uploads.load());

  app.useWebSocketAdapter(new StreamWsAdapter(app));
  serveApiDocs(app);
  await app.init();
  return app;
}
