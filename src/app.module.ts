import { Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import { AuthModule } from './auth/auth.module.js';
import { AppErrorFilter } from './common/http/app-error.filter.js';
import { RequestValidationPipe } from './common/http/validation/request-validation.pipe.js';
import { CompactionModule } from './compaction/compaction.module.js';
import type { AppConfig } from './config/app-config.js';
import { ConfigModule } from './config/config.module.js';
import { ConversationsModule } from './conversations/conversations.module.js';
import { DatabaseModule } from './database/database.module.js';
import { EventsModule } from './events/events.module.js';
import { HealthModule } from './health/health.module.js';
import { LifecycleModule } from './lifecycle/lifecycle.module.js';
import { MetricsModule } from './metrics/metrics.module.js';
import { StreamModule } from './stream/stream.module.js';
import { WindowModule } from './window/window.module.js';

/**
 * The whole service. A team that extends the service imports this module into its own root module, beside its
 * policies.
 */
@Module({})
export class AppModule {
  static forRoot(config: AppConfig): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.forRoot(config),
        DatabaseModule,
        LifecycleModule,
        HealthModule,
        MetricsModule,
        AuthModule,
        ConversationsModule,
        EventsModule,
        WindowModule,
        CompactionModule,
        StreamModule,
      ],
      providers: [
        { provide: APP_PIPE, useClass: RequestValidationPipe },
        { provide: APP_FILTER, useClass: AppErrorFilter },
      ],
    };
  }
}
