import { Module, type DynamicModule, type LoggerService, type Type } from '@nestjs/common';
import { APP_FILTER, DiscoveryModule, RouterModule } from '@nestjs/core';
import { AppErrorFilter } from './common/http/api-error.filter.js';
import { log, logTo } from './common/logging/logger.js';
import { AuditModule } from './audit/audit.module.js';
import { CalibrationModule } from './calibration/calibration.module.js';
import { CompactionModule } from './compaction/compaction.module.js';
import { AppConfig } from './config/app-config.js';
import { ConfigModule, type ConfigFactory } from './config/config.module.js';
import { ConversationsModule } from './conversations/conversations.module.js';
import { DatabaseModule } from './database/database.module.js';
import { ErasureModule } from './erasure/erasure.module.js';
import { EventsModule } from './events/events.module.js';
import { ExtensionsModule, type Replacements } from './extensions.module.js';
import { HealthModule } from './health/health.module.js';
import { DeclaredScopes, GUARDED_MODULES, type GuardedModules } from './http/declared-scopes.js';
import { LifecycleModule } from './lifecycle/lifecycle.module.js';
import { MetricsModule } from './metrics/metrics.module.js';
import { StreamModule } from './stream/stream.module.js';
import { WindowModule } from './window/window.module.js';

/** Options of `FastpacaModule` that do not depend on other providers. */
export interface ModuleOptions extends Replacements {
  /**
   * Modules of the application whose routes must declare `@RequireScope(...)` or `@Public()`; the application does not
   * start if one declares neither. `'all'`: every module. Default: none, but the routes of Fastpaca always must.
   */
  guardedModules?: GuardedModules;
  /** Receives the log lines of Fastpaca, such as `new Logger()` of the application. Default: JSON lines on stdout. */
  logger?: LoggerService;
  /** Path before every route of Fastpaca, such as `fastpaca` for `/fastpaca/v1/...`. Default: none. */
  path?: string;
}

export interface FastpacaModuleOptions extends ModuleOptions {
  /** Default: read from the environment variables of the process. */
  config?: AppConfig;
}

export interface FastpacaModuleAsyncOptions extends ModuleOptions, Omit<ConfigFactory, 'imports'> {}

/** The modules with routes. */
const MODULES_WITH_ROUTES: readonly Type[] = [
  ConversationsModule,
  EventsModule,
  WindowModule,
  CompactionModule,
  ErasureModule,
  CalibrationModule,
  AuditModule,
  StreamModule,
  HealthModule,
  MetricsModule,
];

/**
 * All of Fastpaca, as one global module: `ConversationsService`, `EventsService`, `WindowService`, `CompactionService`,
 * `ErasureService` and `CalibrationService` can be injected everywhere. Needs a PostgreSQL server at `config.databaseUrl`. An application of its
 * own also calls `useFastpaca(app)`; `bootstrap()` does all of this.
 */
@Module({})
export class FastpacaModule {
  constructor({ logLevel, workers }: AppConfig) {
    log.level = logLevel;
    if (workers > 1) log.warn('FASTPACA_WORKERS has no effect here: only bootstrap() starts workers');
  }

  /** @throws InvalidConfigError if `config` is missing and the environment variables are invalid */
  static forRoot({ config, ...options }: FastpacaModuleOptions = {}): DynamicModule {
    return this.compose(ConfigModule.forRoot(config ?? AppConfig.fromEnvironment(process.env)), options);
  }

  /** As `forRoot`, with a configuration that is built from providers in `inject`, exported by modules in `imports`. */
  static forRootAsync({ inject, useFactory, ...options }: FastpacaModuleAsyncOptions): DynamicModule {
    return this.compose(ConfigModule.forRootAsync({ imports: options.imports, inject, useFactory }), options);
  }

  private static compose(config: DynamicModule, options: ModuleOptions): DynamicModule {
    const { guardedModules = [], path, logger } = options;
    if (logger) logTo(logger);
    return {
      module: FastpacaModule,
      global: true,
      imports: [
        config,
        ExtensionsModule.forRoot(options),
        DatabaseModule,
        LifecycleModule,
        DiscoveryModule,
        ...MODULES_WITH_ROUTES,
        ...(path === undefined
          ? []
          : [RouterModule.register(MODULES_WITH_ROUTES.map((module) => ({ path, module })))]),
      ],
      providers: [
        DeclaredScopes,
        { provide: GUARDED_MODULES, useValue: guardedModules },
        { provide: APP_FILTER, useClass: AppErrorFilter },
      ],
      exports: [...MODULES_WITH_ROUTES],
    };
  }
}
