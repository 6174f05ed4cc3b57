import { readFile, realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { readPassword } from './cluster.js';
import { EmbeddedPostgresError, toEmbeddedPostgresError } from './embedded-postgres.errors.js';
import { OwnerLock } from './owner-lock.js';

/** A server that another process has started. */
export interface RunningServer {
  /** `postgresql://…`, including the password */
  url: string;
  /** process id of the program that owns the folder and has started the server */
  ownerPid: number;
}

/**
 * Finds the server that a living process runs in a data folder, so that a second program can use it beside its owner.
 * Takes no lock and changes nothing. The server stops when its owner stops.
 *
 * @param name the name that the owner has started the server with
 * @returns undefined if no living process owns the folder, or the folder does not exist
 * @throws EmbeddedPostgresError the owner is starting or stopping its server, or this user may not read the password
 */
export async function findRunningServer({
  dataDir,
  name,
}: {
  dataDir: string;
  name: string;
}): Promise<RunningServer | undefined> {
  try {
    const path = await realpath(dataDir).catch(ifAbsent);
    const ownerPid = path === undefined ? undefined : await OwnerLock.findOwner(path, name);
    if (path === undefined || ownerPid === undefined) return undefined;

    const clusterDir = join(path, 'postgres');
    const address = await readyAddress(clusterDir);
    if (address === undefined) {
      throw new EmbeddedPostgresError(
        `${path} is in use by ${name} (process ${ownerPid}), whose database is not running at the moment: try again`,
      );
    }
    const password = await readPassword(clusterDir, name);
    return { url: urlOf({ ...address, name, password, database: name }), ownerPid };
  } catch (error) {
    throw toEmbeddedPostgresError(error, resolve(dataDir));
  }
}

/** Where a server accepts connections. */
interface ServerAddress {
  /** of 127.0.0.1; it is also part of the name of the socket */
  port: number;
  /** folder of its Unix socket; undefined if it has none */
  socketFolder: string | undefined;
}

/**
 * URL of a database of a server, for its superuser `name`. The parameter `host` names the folder of the Unix socket. libpq and
 * pg prefer it to the host before it.
 */
export function urlOf(server: ServerAddress & { name: string; password: string; database: string }): string {
  const { port, socketFolder, name, password, database } = server;
  const host = socketFolder === undefined ? '' : `&host=${encodeURIComponent(socketFolder)}`;
  // sslmode: without it a client would obey PGSSLMODE in the environment, and the server has no certificate.
  return `postgresql://${name}:${password}@127.0.0.1:${port}/${database}?sslmode=disable${host}`;
}

/**
 * Address of the server that accepts connections; undefined if no server does. Line 4 of `postmaster.pid` is the port, line 5
 * the folder of the socket, and line 8 the state: https://www.postgresql.org/docs/current/storage-file-layout.html.
 */
async function readyAddress(clusterDir: string): Promise<ServerAddress | undefined> {
  const lines = (await readFile(join(clusterDir, 'postmaster.pid'), 'utf8').catch(ifAbsent))?.split('\n');
  if (lines?.[7]?.trim() !== 'ready') return undefined;
  const [port, socketFolder] = lines.slice(3);
  return { port: Number(port), socketFolder: socketFolder === '' ? undefined : socketFolder };
}

function ifAbsent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
