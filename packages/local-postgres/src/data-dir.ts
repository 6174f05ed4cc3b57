import { access, chmod, constants, mkdir, readdir, realpath, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { EmbeddedPostgresError, OR_OWN_SERVER } from './embedded-postgres.errors.js';
import { firstUnreachable, serverAccount, type ServerAccount } from './server-account.js';

/** A checked data folder, and the user who runs the server in it. */
export interface DataDir {
  /** absolute, without symbolic links */
  path: string;
  /** folder of the cluster; may not exist yet */
  clusterDir: string;
  /** the user of the server, if this process runs as root */
  account: ServerAccount | undefined;
}

/**
 * Creates the folder if it is missing, and checks that the user of the server can reach the cluster.
 *
 * @param userName user to create for the server, if this process runs as root and finds no user for PostgreSQL
 * @throws EmbeddedPostgresError the user cannot reach the folder, or no such user exists
 * @throws NodeJS.ErrnoException the folder cannot be created
 */
export async function openDataDir(dataDir: string, userName: string): Promise<DataDir> {
  const created = await createFolders(resolve(dataDir));
  const path = await realpath(dataDir);
  if ((await readdir(path)).length === 0 && created.length === 0) created.push(path); // an empty folder belongs to us
  await access(path, constants.W_OK | constants.X_OK);
  const clusterDir = join(path, 'postgres');
  const account = await serverAccount(clusterDir, userName);
  if (account) {
    // Under a strict umask only root could enter these folders.
    for (const folder of created) await chmod(folder, (await stat(folder)).mode | 0o011);
    const unreachable = await firstUnreachable(withParents(path), account);
    if (unreachable) {
      throw new EmbeddedPostgresError(
        `PostgreSQL refuses to run as root, and its user "${account.name}" cannot enter ${unreachable}: use a data folder ` +
          `that this user can reach, run as an ordinary user, ${OR_OWN_SERVER}`,
      );
    }
  }
  return { path, clusterDir, account };
}

/**
 * Creates a folder and its missing parents. (The option `recursive` of `mkdir` reports a read-only disk as ENOENT.)
 *
 * @returns the folders that were created
 */
async function createFolders(path: string): Promise<string[]> {
  const created: string[] = [];
  for (const folder of withParents(path)) {
    try {
      await stat(folder);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      await mkdir(folder).catch((mkdirError: unknown) => {
        if ((mkdirError as NodeJS.ErrnoException).code !== 'EEXIST') throw mkdirError; // EEXIST: another process was faster
      });
      created.push(folder);
    }
  }
  return created;
}

/** `/a/b` → `/`, `/a`, `/a/b` */
function withParents(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [path] : [...withParents(parent), path];
}
