import { Global, Module } from '@nestjs/common';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { UnavailableError } from '../common/errors/common.errors.js';
import { AppConfig } from '../config/app-config.js';
import { Database } from './database.js';
import { isConfigurationError, toAppError } from './database.errors.js';
import { connectDataSource, databaseOptions } from './database.options.js';
import { migrate, requireMigrated } from './migrate.js';

/** How long a start waits for a database that is still starting. */
const CONNECT_ATTEMPTS = 15;
const CONNECT_RETRY_DELAY_MS = 2000;

/** Name of the data source, so that it lives beside the data sources of an application. */
const DATA_SOURCE = 'fastpaca';

/** The only pool of the service, on a schema that matches the code. */
@Global()
@Module({
  imports: [
    TypeOrmModule.forRootAsync({
      name: DATA_SOURCE,
      inject: [AppConfig],
      useFactory: (config: AppConfig) => ({
        ...databaseOptions(config),
        retryAttempts: CONNECT_ATTEMPTS,
        retryDelay: CONNECT_RETRY_DELAY_MS,
        toRetry: (error: unknown) =>
          !isConfigurationError(error) && toAppError(error) instanceof UnavailableError,
      }),
      dataSourceFactory: (options) => connectDataSource(options as DataSourceOptions),
    }),
  ],
  providers: [
    {
      provide: Database,
      inject: [getDataSourceToken(DATA_SOURCE), AppConfig],
      // No module gets a connection before the schema matches.
      useFactory: async (dataSource: DataSource, config: AppConfig) => {
        await (config.migrateOnBoot ? migrate : requireMigrated)(config);
        return new Database(dataSource, config);
      },
    },
  ],
  exports: [Database],
})
export class DatabaseModule {}
