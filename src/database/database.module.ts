import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { UnavailableError } from '../common/errors/common.errors.js';
import { AppConfig } from '../config/app-config.js';
import { Database } from './database.js';
import { isRefused, toAppError } from './database.errors.js';
import { connectDataSource, databaseOptions } from './database.options.js';
import { migrate, requireMigrated } from './migrate.js';

/** How long a start waits for a database that is not up yet, as when both are started together. */
const CONNECT_ATTEMPTS = 15;
const CONNECT_RETRY_DELAY_MS = 2000;

/** The one pool of the service, on a schema that fits the code. */
@Global()
@Module({
  imports: [
    TypeOrmModule.forRootAsync({
      inject: [AppConfig],
      useFactory: (config: AppConfig) => ({
        ...databaseOptions(config),
        autoLoadEntities: true, // ours are in ormconfig.ts; a team's module may register its own with forFeature
        retryAttempts: CONNECT_ATTEMPTS,
        retryDelay: CONNECT_RETRY_DELAY_MS,
        toRetry: (error: unknown) => !isRefused(error) && toAppError(error) instanceof UnavailableError,
      }),
      dataSourceFactory: (options) => connectDataSource(options as DataSourceOptions),
    }),
  ],
  providers: [
    {
      provide: Database,
      inject: [DataSource, AppConfig],
      // Nobody gets a connection before the schema fits.
      useFactory: async (dataSource: DataSource, config: AppConfig) => {
        await (config.migrateOnBoot ? migrate : requireMigrated)(config);
        return new Database(dataSource, config);
      },
    },
  ],
  exports: [Database],
})
export class DatabaseModule {}
