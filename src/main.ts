import './check-node-version.js';
import 'reflect-metadata';
import type { Service as RunningService } from './service.js';

// Dynamic imports, so that the version check runs first: static imports are linked before any module runs, and on an
// old Node.js linking already fails.
const { log } = await import('./common/logging/logger.js');
const { AppConfig } = await import('./config/app-config.js');
const { Service } = await import('./service.js');

/** The first of these signals stops the service gracefully, the second one ends the process at once. */
const STOP_SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** Undefined until the service has started. */
let service: RunningService | undefined;

/**
 * Stops the service and its embedded database, then ends the process.
 *
 * @param code used only if the service was running and has stopped in time; otherwise 1
 */
async function exit(code: 0 | 1): Promise<never> {
  const isClean = await service?.stop();
  process.exit(isClean ? code : 1);
}

// Handled before the service starts: a start that is interrupted must end with `process.exit`, which stops the
// embedded database.
for (const signal of STOP_SIGNALS) {
  process.once(signal, () => {
    process.once(signal, () => process.exit(1));
    log.info({ signal }, 'stopping');
    void exit(0);
  });
}

// An unhandled rejection affects one operation only; the request that waits for it is answered when it times out.
process.on('unhandledRejection', (error) =>
  log.error({ err: error }, 'a promise was rejected and not handled'),
);
// After an uncaught exception the state of the process is unknown.
process.once('uncaughtException', (error) => {
  log.fatal({ err: error }, 'an exception was not caught; stopping');
  void exit(1);
});

try {
  const config = AppConfig.fromEnvironment(process.env);
  log.level = config.logLevel;
  service = await Service.start(config);
} catch (error) {
  log.fatal({ err: error }, `cannot start: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
