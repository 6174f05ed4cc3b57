import { resolve } from 'node:path';
import pg from 'pg';
import { findBinaries, nativeFolder } from './binaries.js';
import { hasCluster, openCluster, requireCluster } from './cluster.js';
import { openDataDir } from './data-dir.js';
import { toEmbeddedPostgresError } from './embedded-postgres.errors.js';
import { stopLeftoverServer } from './leftover-server.js';
import { OwnerLock } from './owner-lock.js';
import { urlOf } from './running-server.js';
import { ServerProcess } from './server-process.js';

export { EmbeddedPostgresError } from './embedded-postgres.errors.js';

export interface EmbeddedPostgresOptions {
  /** folder of the cluster (`<dataDir>/postgres`); created if missing; relative to the working folder */
  dataDir: string;
  /**
   * Lower-case letters, digits and `_`: the name of the role, of the database, of the lock file `<name>.pid` and of the user
   * that is created if this process runs as root. Must stay the same for a data folder.
   */
  name: string;
  /** port of 127.0.0.1; default: a free one. A restart for the same clients needs the same port. */
  port?: number;
  /**
   * whether clients connect by a Unix socket in the folder of the cluster instead of by TCP, which costs more; default: if the
   * server can create one. It cannot if the path is longer than 107 bytes (macOS: 103), or the file system has no sockets. A
   * restart for the same clients needs the same value.
   */
  socket?: boolean;
  /** whether a cluster is created in a folder without one; default: true */
  create?: boolean;
  /** receives each line of the server's log; the lines contain no values and no statements */
  onLog?: (line: string) => void;
}

/**
 * A PostgreSQL server that runs as a child process, on a Unix socket and on 127.0.0.1. Committed data is on the disk: a start with the same folder
 * finds it again, however the last run ended.
 */
export class EmbeddedPostgres {
  /**
   * Starts the server and waits until it accepts connections. Creates the cluster if it is missing. Stops a server that a
   * killed process left behind. Only one process at a time can use a folder.
   *
   * @throws EmbeddedPostgresError with one line: the problem, and what to do about it
   */
  static async start({
    dataDir,
    name,
    port,
    socket,
    create = true,
    onLog = () => undefined,
  }: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
    try {
      const native = nativeFolder();
      if (!create) await requireCluster(dataDir);
      const folder = await openDataDir(dataDir, name);
      const lock = await OwnerLock.acquire(folder.path, name);
      try {
        const binaries = await findBinaries(native, folder);
        // The version is checked before a server is stopped: a server of another version may be in use.
        if (await hasCluster(folder.clusterDir, binaries.major)) await stopLeftoverServer(folder.clusterDir);
        const password = await openCluster(folder, binaries, name);
        const server = await ServerProcess.launch({ dataDir: folder, binaries, port, socket, onLog });
        try {
          const socketFolder = server.socket ? folder.clusterDir : undefined;
          const url = (database: string) =>
            urlOf({ port: server.port, socketFolder, name, password, database });
          // Through the database that always exists: connecting to a missing one would be logged as FATAL.
          await ensureDatabase(url('postgres'), name);
          return new EmbeddedPostgres(server, url(name), lock);
        } catch (error) {
          await server.stop();
          throw error;
        }
      } catch (error) {
        await lock.release();
        throw error;
      }
    } catch (error) {
      throw toEmbeddedPostgresError(error, resolve(dataDir));
    }
  }

  /** `postgresql://…`, including the password */
  readonly url: string;
  /** port of 127.0.0.1 */
  readonly port: number;
  /** whether the URL names a Unix socket */
  readonly socket: boolean;
  /** process id of the server */
  readonly pid: number;
  /** resolves if the server exits without stop(); the folder is free then, and start() may be called again */
  readonly exited: Promise<void>;
  private readonly server: ServerProcess;
  private readonly released: Promise<void>;
  private stopping?: Promise<void>;

  private constructor(server: ServerProcess, url: string, lock: OwnerLock) {
    this.server = server;
    this.url = url;
    this.port = server.port;
    this.socket = server.socket;
    this.pid = server.pid;
    this.released = server.ended.then(() => lock.release());
    this.exited = new Promise((settle) => {
      void this.released.then(() => {
        if (!this.stopping) settle();
      });
    });
  }

  /**
   * Ends all sessions, stops the server, and waits until the folder is free. Takes a fraction of a second, and at most 22 s
   * if the server does not react. Calling it again returns the same promise.
   */
  stop(): Promise<void> {
    return (this.stopping ??= this.server.stop().then(() => this.released));
  }
}

/** Creates the database if it is missing. */
async function ensureDatabase(connectionString: string, name: string): Promise<void> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 10_000 });
  client.on('error', () => undefined); // `exited` reports the end of the server, a promise each failed statement
  try {
    await client.connect();
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${name}`);
  } finally {
    await client.end();
  }
}
