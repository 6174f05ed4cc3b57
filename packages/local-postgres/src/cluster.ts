import { randomBytes, randomUUID } from 'node:crypto';
import { chown, mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Binaries } from './binaries.js';
import type { DataDir } from './data-dir.js';
import { EmbeddedPostgresError, OR_OWN_SERVER, programFailure } from './embedded-postgres.errors.js';
import { runProgram } from './run-program.js';

const UNFINISHED_PREFIX = 'postgres.unfinished-';

/**
 * Creates the cluster if it does not exist.
 *
 * @param role superuser of the cluster. A superuser is safe here: the server listens on a private socket and the loopback interface only, and a
 *   user who can read the password can read the files of the cluster too.
 * @returns the password of the role
 * @throws EmbeddedPostgresError the cluster belongs to another major version, or is damaged; initdb failed
 */
export async function openCluster(dataDir: DataDir, binaries: Binaries, role: string): Promise<string> {
  await removeUnfinished(dataDir.path);
  if (!(await hasCluster(dataDir.clusterDir, binaries.major))) await createCluster(dataDir, binaries, role);
  return readPassword(dataDir.clusterDir, role);
}

/** @throws EmbeddedPostgresError the file with the password is missing */
export async function readPassword(clusterDir: string, role: string): Promise<string> {
  const file = join(clusterDir, passwordFileOf(role));
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
    throw new EmbeddedPostgresError(
      `The database's password is missing from ${file}: restore it, or use another data folder`,
      { cause },
    );
  }
}

/**
 * Whether a cluster exists that this PostgreSQL can open. Changes nothing.
 *
 * @throws EmbeddedPostgresError the cluster belongs to another major version, or the folder has other files
 */
export async function hasCluster(clusterDir: string, major: number): Promise<boolean> {
  const version = await readFile(join(clusterDir, 'PG_VERSION'), 'utf8').catch(absent);
  if (version === undefined) {
    const content = (await readdir(clusterDir).catch(absent)) ?? [];
    if (content.length === 0) return false;
    throw new EmbeddedPostgresError(
      `${clusterDir} is not a PostgreSQL cluster, and it is not empty: move it away, or use another data folder`,
    );
  }
  if (version.trim() === String(major)) return true;
  throw new EmbeddedPostgresError(
    `${clusterDir} was created by PostgreSQL ${version.trim()}, and this is PostgreSQL ${major}: dump it with pg_dump of ` +
      `PostgreSQL ${version.trim()} and restore it into a new data folder, ${OR_OWN_SERVER}`,
  );
}

/** @throws EmbeddedPostgresError `dataDir` has no cluster */
export async function requireCluster(dataDir: string): Promise<void> {
  const version = await readFile(join(dataDir, 'postgres', 'PG_VERSION'), 'utf8').catch(absent);
  if (version === undefined) {
    throw new EmbeddedPostgresError(
      `There is no database in ${resolve(dataDir)}: use the folder that has it`,
    );
  }
}

/** Creates the cluster under another name and renames it when it is complete: a kill leaves no incomplete cluster. */
async function createCluster(
  { path, clusterDir, account }: DataDir,
  binaries: Binaries,
  role: string,
): Promise<void> {
  const unfinished = join(path, `${UNFINISHED_PREFIX}${randomUUID()}`);
  const [passwordFile, pgdata] = [join(unfinished, 'password'), join(unfinished, 'postgres')];
  try {
    await mkdir(unfinished, { mode: 0o700 });
    await writeFile(passwordFile, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600, flush: true });
    if (account) {
      await chown(passwordFile, account.uid, account.gid);
      await chown(unfinished, account.uid, account.gid);
    }
    const { code, stderr } = await runProgram(
      binaries.initdb,
      initdbArgs(pgdata, role, passwordFile),
      account,
    );
    if (code !== 0) throw programFailure(`No database could be created in ${path}`, stderr, path);

    await rename(passwordFile, join(pgdata, passwordFileOf(role)));
    await syncFolder(pgdata);
    await rename(pgdata, clusterDir);
    await syncFolder(path); // initdb has flushed its files; the directory entries must be flushed too
    await syncFolder(dirname(path));
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

/** The file lies inside the cluster, so that a copy or a restored backup of the cluster includes it. */
function passwordFileOf(role: string): string {
  return `${role}.password`;
}

function initdbArgs(pgdata: string, role: string, passwordFile: string): string[] {
  return [
    ...['--pgdata', pgdata, '--username', role, '--pwfile', passwordFile, '--auth', 'scram-sha-256'],
    // The builtin provider compares bytes, as C does. It needs no locale of the machine: a new version of a locale may sort
    // in another order and break indexes.
    ...['--encoding', 'UTF8', '--locale', 'C', '--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8'],
    ...['--data-checksums', '--no-instructions'],
  ];
}

/** Removes what a killed start left behind. */
async function removeUnfinished(dataDir: string): Promise<void> {
  for (const name of await readdir(dataDir)) {
    // Retried: an orphaned initdb may still be writing. It ends when its folder is missing.
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
