import { randomBytes, randomUUID } from 'node:crypto';
import { chown, mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Binaries } from './binaries.js';
import type { DataDir } from './data-dir.js';
import { EmbeddedPostgresError, OR_DATABASE_URL, programFailure } from './embedded-postgres.errors.js';
import { runProgram } from './run-program.js';

/**
 * Role and database of the service. The role is the superuser of the cluster: the server listens on the loopback
 * interface only, and whoever can read its password can read the files of the cluster as well.
 */
export const SERVICE_NAME = 'fastpaca';

/** Lies inside the cluster, so that a copy or a restored backup of the one always has the other. */
const PASSWORD_FILE = 'fastpaca.password';
const UNFINISHED_PREFIX = 'postgres.unfinished-';

/**
 * Creates the cluster if there is none.
 *
 * @returns the password of its role
 * @throws EmbeddedPostgresError the cluster is another major version's, or damaged; initdb failed
 */
export async function openCluster(dataDir: DataDir, binaries: Binaries): Promise<string> {
  await removeUnfinished(dataDir.path);
  if (!(await hasCluster(dataDir.clusterDir, binaries.major))) await createCluster(dataDir, binaries);
  const file = join(dataDir.clusterDir, PASSWORD_FILE);
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
    throw new EmbeddedPostgresError(
      `The database's password is missing from ${file}: put it back, or set DATA_DIR to another folder`,
      { cause },
    );
  }
}

/**
 * Whether there is a cluster that this PostgreSQL can open. Touches nothing.
 *
 * @throws EmbeddedPostgresError it is another major version's, or no cluster at all
 */
export async function hasCluster(clusterDir: string, major: number): Promise<boolean> {
  const version = await readFile(join(clusterDir, 'PG_VERSION'), 'utf8').catch(absent);
  if (version === undefined) {
    const content = (await readdir(clusterDir).catch(absent)) ?? [];
    if (content.length === 0) return false;
    throw new EmbeddedPostgresError(
      `${clusterDir} is no PostgreSQL cluster, yet it is not empty: move it away, or set DATA_DIR to another folder`,
    );
  }
  if (version.trim() === String(major)) return true;
  const [theirs, ours] = [version.trim(), String(major)];
  throw new EmbeddedPostgresError(
    `${clusterDir} was made by PostgreSQL ${theirs}, and this one is ${ours}: dump it with pg_dump of PostgreSQL ` +
      `${theirs} and restore it into a new DATA_DIR, ${OR_DATABASE_URL}`,
  );
}

/** Makes the cluster under another name and renames it when it is whole, so that a kill leaves no half of one. */
async function createCluster({ path, clusterDir, account }: DataDir, binaries: Binaries): Promise<void> {
  const unfinished = join(path, `${UNFINISHED_PREFIX}${randomUUID()}`);
  const [passwordFile, pgdata] = [join(unfinished, PASSWORD_FILE), join(unfinished, 'postgres')];
  try {
    await mkdir(unfinished, { mode: 0o700 });
    await writeFile(passwordFile, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600, flush: true });
    if (account) {
      await chown(passwordFile, account.uid, account.gid);
      await chown(unfinished, account.uid, account.gid);
    }
    const { code, stderr } = await runProgram(binaries.initdb, initdbArgs(pgdata, passwordFile), account);
    if (code !== 0) throw programFailure(`No database could be made in ${path}`, stderr, path);

    await rename(passwordFile, join(pgdata, PASSWORD_FILE));
    await syncFolder(pgdata);
    await rename(pgdata, clusterDir);
    await syncFolder(path); // initdb has written its files through to the disk; so must be the names that lead there
    await syncFolder(dirname(path));
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

function initdbArgs(pgdata: string, passwordFile: string): string[] {
  return [
    ...['--pgdata', pgdata, '--username', SERVICE_NAME, '--pwfile', passwordFile, '--auth', 'scram-sha-256'],
    // The builtin provider: compares bytes, as C does, and needs no locale of the machine, whose next version may sort
    // otherwise and break indexes.
    ...['--encoding', 'UTF8', '--locale', 'C', '--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8'],
    ...['--data-checksums', '--no-instructions'],
  ];
}

/** What a start that was killed has left. */
async function removeUnfinished(dataDir: string): Promise<void> {
  for (const name of await readdir(dataDir)) {
    // Retried, since an orphaned initdb may still be writing; it ends when it misses its folder.
    if (name.startsWith(UNFINISHED_PREFIX)) {
      await rm(join(dataDir, name), { recursive: true, force: true, maxRetries: 5 });
    }
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
