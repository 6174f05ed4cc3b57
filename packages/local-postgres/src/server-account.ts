import { stat } from 'node:fs/promises';
import { EmbeddedPostgresError, OR_DATABASE_URL } from './embedded-postgres.errors.js';
import { runProgram } from './run-program.js';

/** The unprivileged user that PostgreSQL runs as when we are root. */
export interface ServerAccount {
  /** for messages; the number where the name is not known */
  name: string;
  uid: number;
  gid: number;
}

const OWN_USER = 'fastpaca';
/** Users made for PostgreSQL: Linux packages', macOS', ours. */
const KNOWN_USERS = ['postgres', '_postgres', OWN_USER];

/** The same wish for shadow-utils and for busybox; the first that works is enough. */
const CREATE_OWN_USER: readonly (readonly [string, ...string[]])[] = [
  ['useradd', '--system', '--user-group', '--no-create-home', '--shell', '/bin/false', OWN_USER],
  ['adduser', '-S', '-D', '-H', '-s', '/bin/false', OWN_USER],
];

/**
 * The user that the server has to run as: none unless we are root, which PostgreSQL refuses to be. An existing
 * cluster keeps its owner, so that a service once started as root by mistake does not lock its ordinary user out.
 *
 * @param clusterDir where the cluster is, if there is one
 * @throws EmbeddedPostgresError no such user, and none could be made; or the cluster belongs to root
 */
export async function serverAccount(clusterDir: string): Promise<ServerAccount | undefined> {
  if (process.geteuid?.() !== 0) return undefined;
  const cluster = await stat(`${clusterDir}/PG_VERSION`).catch(() => undefined);
  if (cluster && cluster.uid !== 0) return { name: String(cluster.uid), uid: cluster.uid, gid: cluster.gid };

  const account = (await knownAccount()) ?? (await createAccount());
  if (cluster) {
    throw new EmbeddedPostgresError(
      `${clusterDir} belongs to root, which PostgreSQL refuses: run \`chown -R ${account.name} ${clusterDir}\``,
    );
  }
  return account;
}

async function knownAccount(): Promise<ServerAccount | undefined> {
  for (const name of KNOWN_USERS) {
    const account = await lookUp(name);
    if (account) return account;
  }
  return undefined;
}

async function createAccount(): Promise<ServerAccount> {
  for (const [program, ...args] of CREATE_OWN_USER) {
    const done = await runProgram(program, args).catch(() => undefined);
    const account = done?.code === 0 && (await lookUp(OWN_USER));
    if (account) return account;
  }
  throw new EmbeddedPostgresError(
    `PostgreSQL refuses to run as root, and a user "${OWN_USER}" could not be made for it: ` +
      `make one, run as an ordinary user, ${OR_DATABASE_URL}`,
  );
}

async function lookUp(name: string): Promise<ServerAccount | undefined> {
  const [uid, gid] = await Promise.all([idOf('-u', name), idOf('-g', name)]);
  return uid && gid ? { name, uid, gid } : undefined;
}

async function idOf(flag: '-u' | '-g', name: string): Promise<number | undefined> {
  const done = await runProgram('id', [flag, name]).catch(() => undefined);
  return done?.code === 0 ? Number(done.stdout) : undefined;
}

/**
 * The topmost of `folders` that `account` cannot pass, if any. Asks as that user instead of reading mode bits, which
 * do not show access lists; without a shell to ask with, PostgreSQL's own complaint has to do.
 */
export async function firstImpassable(
  folders: readonly string[],
  account: ServerAccount,
): Promise<string | undefined> {
  const script = 'for folder; do test -x "$folder" || { printf %s "$folder"; exit 1; }; done';
  const asked = await runProgram('/bin/sh', ['-c', script, 'sh', ...folders], account).catch(() => undefined);
  return asked?.stdout === '' ? undefined : asked?.stdout;
}
