import { log } from './common/logging/logger.js';
import { AppConfig } from './config/app-config.js';
import type { Additions } from './create-app.js';
import { Service } from './service.js';

export interface BootstrapOptions extends Additions {
  /** Default: read from the environment variables of the process. */
  config?: AppConfig;
}

/** The first of these signals stops the service gracefully, the second one ends the process at once. */
const STOP_SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/**
 * Runs the whole service in this process, with the module of a team: configuration, embedded database if there is no
 * `DATABASE_URL`, migrations, HTTP, graceful stop on SIGTERM and SIGINT. `npm start` and `fastpaca serve` call it too.
 *
 * Resolves when the service accepts requests. If the start fails, one log line says why, and the process ends with exit
 * code 1.
 */
export async function bootstrap({ config, ...additions }: BootstrapOptions = {}): Promise<Service> {
  let service: Service | undefined;
  // Handled before the service starts: a start that is interrupted must end with `process.exit`, which stops the
  // embedded database.
  handleProcessEvents(() => service);
  try {
    const settings = config ?? AppConfig.fromEnvironment(process.env);
    log.level = settings.logLevel;
    service = await Service.start(settings, additions);
    return service;
  } catch (error) {
    log.fatal({ err: error }, `cannot start: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  }
}

/** @param running the service, once it has started */
function handleProcessEvents(running: () => Service | undefined): void {
  /** Stops the service and its embedded database. The code is used only if the service was running and stops in time. */
  const exit = async (code: 0 | 1): Promise<never> => {
    const isClean = await running()?.stop();
    process.exit(isClean ? code : 1);
  };
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
}
