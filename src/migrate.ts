import 'reflect-metadata';
import { log } from './common/logging/logger.js';
import { AppConfig } from './config/app-config.js';
import { migrate } from './database/migrate.js';

// `npm run migrate`: for deployments that start the service with MIGRATE_ON_BOOT=false.
try {
  await migrate(AppConfig.fromEnvironment(process.env));
  log.info('the database is up to date');
} catch (error) {
  log.fatal({ err: error }, `cannot migrate: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
