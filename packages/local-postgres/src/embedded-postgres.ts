import { resolve } from 'node:path';
import pg from 'pg';
import { findBinaries, nativeFolder } from './binaries.js';
import { hasCluster, openCluster, SERVICE_NAME } from './cluster.js';
import { openDataDir } from './data-dir.js';
import { toEmbeddedPostgresError } from './embedded-postgres.errors.js';
import { clearLeftoverServer } from './leftover-server.js';
import { OwnerLock } from './owner-lock.js';
import { ServerProcess } from './server-process.js';

export { EmbeddedPostgresError } from './embedded-postgres.errors.js';

export interface EmbeddedPostgresOptions {
  /** home of the cluster (`<dataDir>/postgres`); made if absent; relative to the working folder */
  dataDir: string;
  /** port of 127.0.0.1 to listen on, as when a server is started again for the same clients; default: a free one */
  port?: number;
  /** one line of the database's own log; holds no values and no statements */
  onLog?: (line: string) => void;
}

/**
 * A PostgreSQL of our own, running as a child process on 127.0.0.1 and a free port. What it has acknowledged is on the
 * disk; whoever starts it again with the same folder finds it there, however the last run ended.
 */
export class EmbeddedPostgres {
  /**
   * Starts the server and waits till it answers. Creates the cluster if absent, and first stops the server that a
   * killed process left behind. One process at a time can have a folder.
   *
   * @throws EmbeddedPostgresError with one line that says what is wrong and what to do
   */
  static async start({
    dataDir,
    port,
    onLog = () => undefined,
  }: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
    try {
      const native = nativeFolder();
      const home = await openDataDir(dataDir);
      const lock = await OwnerLock.acquire(home.path);
      try {
        const binaries = await findBinaries(native, home);
        // Before anything is stopped: a server of another version may be in use.
        if (await hasCluster(home.clusterDir, binaries.major)) await clearLeftoverServer(home.clusterDir);
        const password = await openCluster(home, binaries);
        const server = await ServerProcess.launch({ dataDir: home, binaries, port, onLog });
        try {
          // By way of the database that always exists: a failed attempt at the other one would be logged as FATAL.
          await ensureDatabase(urlOf(server.port, password, 'postgres'));
          const url = urlOf(server.port, password, SERVICE_NAME);
          return new EmbeddedPostgres(server, url, lock);
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

  /** `postgresql://…`, with the password */
  readonly url: string;
  /** of 127.0.0.1 */
  readonly port: number;
  /** the server's main process */
  readonly pid: number;
  /** resolves if the server ends without stop() having been called; the folder is free then, and start() can be tried */
  readonly exited: Promise<void>;
  private readonly server: ServerProcess;
  private readonly released: Promise<void>;
  private stopping?: Promise<void>;

  private constructor(server: ServerProcess, url: string, lock: OwnerLock) {
    this.server = server;
    this.url = url;
    this.port = server.port;
    this.pid = server.pid;
    this.released = server.ended.then(() => lock.release());
    this.exited = new Promise((settle) => {
      void this.released.then(() => {
        if (!this.stopping) settle();
      });
    });
  }

  /**
   * Ends all sessions and stops the server; waits till it is gone and the folder is free. Takes a fraction of a second,
   * and at most 22 s with a server that does not react. Calling it again gives the same promise.
   */
  stop(): Promise<void> {
    return (this.stopping ??= this.server.stop().then(() => this.released));
  }
}

/** @param database which the service's role connects to */
function urlOf(port: number, password: string, database: string): string {
  // sslmode, since the client would follow a PGSSLMODE of the environment; the server has no certificate.
  return `postgresql://${SERVICE_NAME}:${password}@127.0.0.1:${port}/${database}?sslmode=disable`;
}

/** Connects, which proves that the server answers, and creates the service's database at the first start. */
async function ensureDatabase(connectionString: string): Promise<void> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 10_000 });
  client.on('error', () => undefined); // the end of the server is told by `exited`, a failed statement by its promise
  try {
    await client.connect();
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [SERVICE_NAME]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${SERVICE_NAME}`);
  } finally {
    await client.end();
  }
}
