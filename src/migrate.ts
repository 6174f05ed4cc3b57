import './check-node-version.js';
import 'reflect-metadata';

// Dynamic imports: Node.js links all static imports before it runs the first one, and an old Node.js fails there.
const { log } = await import('./common/logging/logger.js');
const { AppConfig } = await import('./config/app-config.js');
const { migrate } = await import('./database/migrate.js');

// `npm run migrate`: for deployments that start the service with MIGRATE_ON_BOOT=false.
try {
  const config = AppConfig.fromEnvironment(process.env);
  log.level = config.logLevel;
  await migrate(config);
  log.info('the database is up to date');
} catch (error) {
  log.fatal({ err: error }, `cannot migrate: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
