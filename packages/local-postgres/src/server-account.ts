import { stat } from 'node:fs/promises';
import { EmbeddedPostgresError, OR_OWN_SERVER } from './embedded-postgres.errors.js';
import { runProgram } from './run-program.js';

/** The unprivileged user that runs PostgreSQL when this process runs as root. */
export interface ServerAccount {
  /** for messages; the user id if the name is unknown */
  name: string;
  uid: number;
  gid: number;
}

/** Users that Linux packages and macOS create for PostgreSQL. */
const PACKAGE_USERS = ['postgres', '_postgres'];

/** The same command for shadow-utils and for busybox; the first one that works is enough. */
const CREATE_USER: readonly (readonly [string, ...string[]])[] = [
  ['useradd', '--system', '--user-group', '--no-create-home', '--shell', '/bin/false'],
  ['adduser', '-S', '-D', '-H', '-s', '/bin/false'],
];

/**
 * The user who must run the server. Undefined unless this process runs as root: PostgreSQL does not run as root. An existing
 * cluster keeps its owner, so that one start as root by mistake does not lock out the ordinary user.
 *
 * @param clusterDir folder of the cluster; may not exist yet
 * @param userName user to create if the machine has no user for PostgreSQL
 * @throws EmbeddedPostgresError no such user exists and none could be created; or the cluster belongs to root
 */
export async function serverAccount(
  clusterDir: string,
  userName: string,
): Promise<ServerAccount | undefined> {
  if (process.geteuid?.() !== 0) return undefined;
  const cluster = await stat(`${clusterDir}/PG_VERSION`).catch(() => undefined);
  if (cluster && cluster.uid !== 0) return { name: String(cluster.uid), uid: cluster.uid, gid: cluster.gid };

  const account = (await findAccount([...PACKAGE_USERS, userName])) ?? (await createAccount(userName));
  if (cluster) {
    throw new EmbeddedPostgresError(
      `${clusterDir} belongs to root, and PostgreSQL does not run as root: run \`chown -R ${account.name} ${clusterDir}\``,
    );
  }
  return account;
}

async function findAccount(names: readonly string[]): Promise<ServerAccount | undefined> {
  for (const name of names) {
    const account = await lookUp(name);
    if (account) return account;
  }
  return undefined;
}

async function createAccount(name: string): Promise<ServerAccount> {
  for (const [program, ...args] of CREATE_USER) {
    const result = await runProgram(program, [...args, name]).catch(() => undefined);
    const account = result?.code === 0 && (await lookUp(name));
    if (account) return account;
  }
  throw new EmbeddedPostgresError(
    `PostgreSQL refuses to run as root, and a user "${name}" could not be created for it: ` +
      `create one, run as an ordinary user, ${OR_OWN_SERVER}`,
  );
}

async function lookUp(name: string): Promise<ServerAccount | undefined> {
  const [uid, gid] = await Promise.all([idOf('-u', name), idOf('-g', name)]);
  return uid && gid ? { name, uid, gid } : undefined;
}

async function idOf(flag: '-u' | '-g', name: string): Promise<number | undefined> {
  const result = await runProgram('id', [flag, name]).catch(() => undefined);
  return result?.code === 0 ? Number(result.stdout) : undefined;
}

/**
 * The first of `folders` that `account` cannot enter. Runs a check as that user: mode bits do not show access lists.
 * Without a shell nothing is checked, and PostgreSQL's own error explains the problem.
 */
export async function firstUnreachable(
  folders: readonly string[],
  account: ServerAccount,
): Promise<string | undefined> {
  const script = 'for folder; do test -x "$folder" || { printf %s "$folder"; exit 1; }; done';
  const result = await runProgram('/bin/sh', ['-c', script, 'sh', ...folders], account).catch(
    () => undefined,
  );
  return result?.stdout === '' ? undefined : result?.stdout;
}
