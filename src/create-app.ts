import { Module, type DynamicModule, type Type } from '@nestjs/common';
import { APP_FILTER, NestFactory } from '@nestjs/core';
import { resolveSecurityHeaders } from '@nestjs/core/security/security-headers.js';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createFastifyAdapter } from './common/http/fastify.js';
import { NestLogger } from './common/logging/nest-logger.js';
import type { Replacements } from './extensions.module.js';
import type { AppConfig } from './config/app-config.js';
import { FastpacaModule, type ModuleOptions } from './fastpaca.module.js';
import { collectUndeclaredRoutes } from './http/declared-scopes.js';
import { useFastpacaForAllRoutes } from './http/http-setup.js';
import type { ResponseHeaders } from './http/request-hooks.js';
import { serveApiDocs } from './http/openapi.js';
import { ServiceInfoController } from './http/service-info.controller.js';
import { UnhandledErrorFilter } from './http/unhandled-error.filter.js';
import { enableTracing } from './telemetry/tracing.js';

/** As `app.useSecurityHeaders()` resolves them. A hook of ours sends them, because that of Nest costs x µs. */
const { headers: SECURITY_HEADERS } = resolveSecurityHeaders({
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
});

const RESPONSE_HEADERS: ResponseHeaders = {
  // The other headers tell a browser how to show a page.
  api: { 'x-content-type-options': 'nosniff' },
  other: Object.fromEntries(SECURITY_HEADERS),
};

/** What a team adds to the service. */
export interface Additions extends Replacements, Pick<ModuleOptions, 'logger'> {
  /** The team's root module: its policies, controllers and everything else. */
  module?: Type | DynamicModule;
}

/** The service with the module of a team. */
@Module({
  controllers: [ServiceInfoController],
  providers: [{ provide: APP_FILTER, useClass: UnhandledErrorFilter }],
})
class ServiceModule {
  static with(config: AppConfig, { module, ...replacements }: Additions): DynamicModule {
    const fastpaca = FastpacaModule.forRoot({ config, guardedModules: 'all', ...replacements });
    return { module: ServiceModule, imports: module ? [fastpaca, module] : [fastpaca] };
  }
}

/**
 * Builds the application. When it resolves, the database is migrated and the application can listen.
 *
 * @throws UndeclaredScopeError a route of the team declares neither `@RequireScope(...)` nor `@Public()`
 */
export async function createApp(
  config: AppConfig,
  additions: Additions = {},
): Promise<NestFastifyApplication> {
  const app = await NestFactory.create<NestFastifyApplication>(
    ServiceModule.with(config, additions),
    createFastifyAdapter(),
    { logger: new NestLogger(), abortOnError: false },
  );
  await enableTracing(app.getHttpAdapter().getInstance(), config); // before the other hooks: the span of a request covers them
  useFastpacaForAllRoutes(app, RESPONSE_HEADERS);
  serveApiDocs(app);
  const rejectUndeclared = collectUndeclaredRoutes(app.getHttpAdapter().getInstance());
  await app.init();
  rejectUndeclared();
  return app;
}
