import type { AppConfig } from '../config/app-config.js';
import { LOCAL_POSTGRES_NAME, withLocalPostgres } from '../local-postgres.js';

/** A database that a command can use until it calls `release`. */
export interface ReachedDatabase {
  /** with the URL of the database */
  config: AppConfig;
  /** process id of the service whose embedded database this is; undefined for every other database */
  ownerPid?: number;
  /** Stops the embedded database if the command has started it. */
  release: () => Promise<void>;
}

/**
 * Finds the database of the configuration: the one of `DATABASE_URL`, or else the embedded one. If a service is running
 * on the data folder, the command uses the server of that service beside it. Otherwise the command starts the server
 * itself, and no service can start until the command has ended.
 *
 * @param create whether an embedded database is created if the data folder has no cluster
 * @throws LocalPostgresMissingError, EmbeddedPostgresError
 */
export async function reachDatabase(
  config: AppConfig,
  { create }: { create: boolean },
): Promise<ReachedDatabase> {
  if (config.databaseUrl !== undefined) return { config, release: () => Promise.resolve() };
  const { dataDir } = config;
  return withLocalPostgres(async ({ EmbeddedPostgres, findRunningServer }) => {
    const running = await findRunningServer({ dataDir, name: LOCAL_POSTGRES_NAME });
    if (running) {
      const { url, ownerPid } = running;
      return { config: config.withDatabaseUrl(url), ownerPid, release: () => Promise.resolve() };
    }
    const server = await EmbeddedPostgres.start({ dataDir, name: LOCAL_POSTGRES_NAME, create });
    return { config: config.withDatabaseUrl(server.url), release: () => server.stop() };
  });
}

/** Calls `work` with the configuration of a database that can be reached, and releases the database afterwards. */
export async function withDatabase<T>(
  config: AppConfig,
  options: { create: boolean },
  work: (config: AppConfig) => Promise<T>,
): Promise<T> {
  const database = await reachDatabase(config, options);
  try {
    return await work(database.config);
  } finally {
    await database.release();
  }
}
