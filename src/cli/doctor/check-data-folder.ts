import { mkdtemp, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { AppConfig } from '../../config/app-config.js';
import { LOCAL_POSTGRES_NAME, withLocalPostgres } from '../../local-postgres.js';
import { reachDatabase, type ReachedDatabase } from '../reach-database.js';
import { statIfExists } from '../stat-if-exists.js';
import type { Finding } from './report.js';

/**
 * Checks that the embedded database runs: the one of a running service, or one that is started for the check. If the
 * folder has no database, one is created in a temporary folder of the same place and removed afterwards.
 *
 * @throws LocalPostgresMissingError, EmbeddedPostgresError
 */
export async function checkDataFolder(config: AppConfig): Promise<Finding<ReachedDatabase>> {
  const { dataDir } = config;
  if (!(await statIfExists(join(dataDir, 'postgres')))) {
    return {
      text: `${dataDir} has no database yet, and the service can create one`,
      value: await tryFolder(config),
    };
  }
  const database = await reachDatabase(config, { create: false });
  const text =
    database.ownerPid === undefined
      ? `the database in ${dataDir} starts`
      : `${dataDir} is in use by a running Fastpaca (process ${database.ownerPid}), and the checks use its database`;
  return { text, value: database };
}

/** Creates a database beside, or in, the folder that the service would create. */
async function tryFolder(config: AppConfig): Promise<ReachedDatabase> {
  const folder = await mkdtemp(join(await nearestFolder(config.dataDir), '.fastpaca-doctor-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    const server = await withLocalPostgres(({ EmbeddedPostgres }) =>
      EmbeddedPostgres.start({ dataDir: folder, name: LOCAL_POSTGRES_NAME }),
    );
    return { config: config.withDatabaseUrl(server.url), release: () => server.stop().then(remove) };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** The folder itself, or the nearest one above it that exists. */
async function nearestFolder(path: string): Promise<string> {
  return (await statIfExists(path)) ? path : nearestFolder(dirname(path));
}
