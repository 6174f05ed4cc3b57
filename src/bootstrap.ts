import { log, logAsOneOfSeveral, logTo } from './common/logging/logger.js';
import { AppConfig } from './config/app-config.js';
import type { Additions } from './create-app.js';
import type { Service } from './service.js';
import { takeAssignment } from './workers/assignment.js';
import type { ParentLink } from './workers/parent-link.js';
import type { WorkerGroup } from './workers/worker-group.js';

export interface BootstrapOptions extends Additions {
  /** Default: read from the environment variables of the process. */
  config?: AppConfig;
}

/** What runs in this process: the service, or its workers. */
interface Stoppable {
  /** @returns whether everything stopped in time */
  stop: () => Promise<boolean>;
}

/** The first of these signals stops the service gracefully, the second one ends the process at once. */
const STOP_SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/**
 * Runs the whole service in this process, with the module of a team: configuration, embedded database if there is no
 * `DATABASE_URL`, migrations, HTTP, graceful stop on SIGTERM and SIGINT. `npm start` and `fastpaca serve` call it too.
 *
 * Resolves when the service accepts requests. If the start fails, one log line says why, and the process ends with exit
 * code 1.
 *
 * With `FASTPACA_WORKERS` above 1, this process starts that many workers, which run the same program: the promise
 * resolves in each worker, when the worker accepts requests, and never in this process.
 */
export async function bootstrap({ config, ...additions }: BootstrapOptions = {}): Promise<Service> {
  const parent = await findParent();
  let running: Stoppable | undefined;
  // Handled before the service starts: a start that is interrupted must end with `process.exit`, which stops the
  // embedded database.
  const stop = handleProcessEvents(() => running);
  parent?.onStop(stop);
  try {
    const settings = config ?? AppConfig.fromEnvironment(process.env);
    log.level = settings.logLevel;
    if (!parent && settings.workers > 1) {
      const workers = await startWorkers(settings, additions);
      running = workers;
      return await workers.replaceEnded();
    }
    const service = await startService(settings, additions, parent);
    running = service;
    return service;
  } catch (error) {
    if (parent) await parent.failed(error);
    else log.fatal({ err: error }, `cannot start: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  }
}

/** The parent, if this process is one of several workers. */
async function findParent(): Promise<ParentLink | undefined> {
  const assignment = takeAssignment(process.env);
  if (!assignment) return undefined;
  logAsOneOfSeveral();
  const { ParentLink } = await import('./workers/parent-link.js');
  return new ParentLink(assignment);
}

// The imports below are dynamic: one process needs no workers, and the parent of workers needs no application (95 MB).

async function startService(
  config: AppConfig,
  additions: Additions,
  parent: ParentLink | undefined,
): Promise<Service> {
  if (parent) return (await import('./workers/worker.js')).startWorker(parent, config, additions);
  return (await import('./service.js')).Service.start(config, additions);
}

async function startWorkers(config: AppConfig, { logger }: Additions): Promise<WorkerGroup> {
  logAsOneOfSeveral();
  if (logger) logTo(logger);
  const { WorkerGroup } = await import('./workers/worker-group.js');
  return WorkerGroup.start(config);
}

/**
 * @param running what runs, once it has started
 * @returns a function that stops it and ends the process
 */
function handleProcessEvents(running: () => Stoppable | undefined): () => void {
  let isStopping = false;
  /** Stops what runs, with its embedded database. The code is used only if it was running and stops in time. */
  const exit = async (code: 0 | 1): Promise<never> => {
    isStopping = true;
    const isClean = await running()?.stop();
    process.exit(isClean ? code : 1);
  };
  for (const signal of STOP_SIGNALS) {
    process.once(signal, () => {
      process.once(signal, () => process.exit(1));
      log.info({ signal }, 'stopping');
      if (!isStopping) void exit(0);
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
  return () => {
    if (!isStopping) void exit(0);
  };
}
