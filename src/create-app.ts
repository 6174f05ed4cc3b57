import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule } from './app.module.js';
import { BrowserAccess } from './auth/browser-access.js';
import { createFastifyAdapter } from './common/http/fastify.js';
import { OpenConnections } from './common/http/open-connections.js';
import { UploadBudget } from './common/http/body/upload-budget.js';
import { NestLogger } from './common/logging/nest-logger.js';
import type { AppConfig } from './config/app-config.js';
import { Lifecycle } from './lifecycle/lifecycle.js';
import { Metrics } from './metrics/metrics.js';
import { serveApiDocs } from './openapi.js';
import { StreamWsAdapter } from './stream/stream.ws-adapter.js';
import { useRequestHooks } from './request-hooks.js';

type RootModule = Parameters<typeof NestFactory.create>[0];

/**
 * Builds the service, ready to listen; the database is migrated by then.
 *
 * @param root the module to run; a team's own, which imports `AppModule.forRoot(config)` and adds to it
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
  app.useSecurityHeaders({
    // TLS, if any, ends before this service: it can neither promise it nor ask for it.
    strictTransportSecurity: false,
    contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } },
    // Of use to pages only, and old ones at that: half of an answer's bytes.
    crossOriginOpenerPolicy: false,
    crossOriginResourcePolicy: false,
    originAgentCluster: false,
    xDnsPrefetchControl: false,
    xDownloadOptions: false,
    xPermittedCrossDomainPolicies: false,
    xXssProtection: false,
  });
  const fastify = app.getHttpAdapter().getInstance();
  const connections = new OpenConnections(fastify, config.requestTimeoutMs);
  useRequestHooks(fastify, connections, app.get(BrowserAccess), app.get(Lifecycle), app.get(Metrics));
  app.get(Lifecycle).onLateDrain(() => connections.endWaitingForClients());
  app.get(Metrics).showUploads(() => uploads.load());
  app.useWebSocketAdapter(new StreamWsAdapter(app));
  serveApiDocs(app);
  await app.init();
  return app;
}
