import { access, chmod, constants, mkdir, readdir, realpath, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { EmbeddedPostgresError, OR_DATABASE_URL } from './embedded-postgres.errors.js';
import { firstImpassable, serverAccount, type ServerAccount } from './server-account.js';

/** The service's folder of data, checked, and who runs the server in it. */
export interface DataDir {
  /** absolute, without symbolic links */
  path: string;
  /** the cluster in it; need not exist yet */
  clusterDir: string;
  /** set when we are root */
  account: ServerAccount | undefined;
}

/**
 * Makes the folder if it is absent, and sees to it that the server's user can pass all folders above the cluster.
 *
 * @throws EmbeddedPostgresError that user cannot, or there is no such user
 * @throws NodeJS.ErrnoException the folder cannot be made
 */
export async function openDataDir(dataDir: string): Promise<DataDir> {
  const made = await makeFolders(resolve(dataDir));
  const path = await realpath(dataDir);
  if ((await readdir(path)).length === 0 && made.length === 0) made.push(path); // an empty one was made for us
  await access(path, constants.W_OK | constants.X_OK);
  const clusterDir = join(path, 'postgres');
  const account = await serverAccount(clusterDir);
  if (account) {
    // Under a strict umask only root could pass them.
    for (const folder of made) await chmod(folder, (await stat(folder)).mode | 0o011);
    const impassable = await firstImpassable(withParents(path), account);
    if (impassable) {
      throw new EmbeddedPostgresError(
        `PostgreSQL refuses to run as root, and its user "${account.name}" cannot pass ${impassable}: set DATA_DIR ` +
          `to a folder that this user can reach, run as an ordinary user, ${OR_DATABASE_URL}`,
      );
    }
  }
  return { path, clusterDir, account };
}

/**
 * Makes a folder and those above it. (The `recursive` of `mkdir` reports a read-only disk as ENOENT.)
 *
 * @returns the ones that were absent
 */
async function makeFolders(path: string): Promise<string[]> {
  const made: string[] = [];
  for (const folder of withParents(path)) {
    try {
      await stat(folder);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      await mkdir(folder).catch((failure: unknown) => {
        if ((failure as NodeJS.ErrnoException).code !== 'EEXIST') throw failure; // EEXIST: another start was faster
      });
      made.push(folder);
    }
  }
  return made;
}

/** `/a/b` → `/`, `/a`, `/a/b` */
export function withParents(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [path] : [...withParents(parent), path];
}
