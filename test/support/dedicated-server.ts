import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { appendFile, chmod, chown, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { EmbeddedPostgres } from '@fastpaca/local-postgres';
import { freePort } from './free-port.js';
import type { TestDatabase } from './test-database.js';

/** Settings that allow standbys. The embedded database does not allow them. */
const REPLICATED = ['wal_level=replica', 'max_wal_senders=4', 'wal_keep_size=64MB'];

/** How a server is started. */
interface Launch {
  program: string;
  clusterDir: string;
  port: number;
  /** Arguments other than folder and port. */
  settings: readonly string[];
}

/** A PostgreSQL server for one test that changes server-wide settings or needs a standby. */
export class DedicatedServer {
  private constructor(
    public url: string,
    private readonly dataDir: string,
    private readonly launch: Launch,
    private readonly child: ChildProcess,
  ) {}

  /**
   * Creates the cluster like the service does, then restarts it with other settings.
   *
   * @param prepare may add files to the folder of the cluster; returns more settings, as `name=value`
   */
  static async start(
    prepare: (clusterDir: string) => Promise<string[]> = () => Promise.resolve([]),
  ): Promise<DedicatedServer> {
    const dataDir = await mkdtemp(join(tmpdir(), 'fastpaca-test-own-'));
    const created = await EmbeddedPostgres.start({ dataDir, name: 'fastpaca', socket: false });
    const { url, pid, port } = created;
    const commandLine = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
    const [program = '', , clusterDir = '', , , ...rest] = commandLine; // -D folder -p port
    await created.stop();
    const more = [...REPLICATED, ...(await prepare(clusterDir))];
    const settings = [...rest, ...more.flatMap((setting) => ['-c', setting])];
    return DedicatedServer.launch(url, dataDir, { program, clusterDir, port, settings });
  }

  private static async launch(url: string, dataDir: string, launch: Launch): Promise<DedicatedServer> {
    const { uid, gid } = await stat(launch.clusterDir);
    const args = ['-D', launch.clusterDir, '-p', String(launch.port), ...launch.settings];
    const child = spawn(launch.program, args, { uid, gid, cwd: '/', env: {}, stdio: 'ignore' });
    const server = new DedicatedServer(url, dataDir, launch, child);
    while (!(await server.query('SELECT').then(Boolean, () => false))) {
      if (child.exitCode !== null) throw new Error(`PostgreSQL ended with ${child.exitCode}`);
      await delay(5);
    }
    return server;
  }

  /** Starts an asynchronous standby of this server, with the same login. */
  async startStandby(): Promise<DedicatedServer> {
    const dataDir = await mkdtemp(join(tmpdir(), 'fastpaca-test-own-'));
    await chmod(dataDir, 0o711);
    const clusterDir = join(dataDir, 'postgres');
    const backup = new pg.Client({ connectionString: this.url });
    await backup.connect();
    await backup.query("SELECT pg_backup_start('standby', true)");
    execFileSync('cp', ['-a', this.launch.clusterDir, clusterDir]);
    const { rows } = await backup.query<{ labelfile: string }>('SELECT labelfile FROM pg_backup_stop()');
    await backup.end();
    await rm(join(clusterDir, 'postmaster.pid'));
    const { uid, gid } = await stat(clusterDir);
    const files = { backup_label: rows[0]!.labelfile, 'standby.signal': '' };
    for (const [name, content] of Object.entries(files)) {
      await writeFile(join(clusterDir, name), content);
      await chown(join(clusterDir, name), uid, gid);
    }
    await appendFile(join(clusterDir, 'postgresql.auto.conf'), `\nprimary_conninfo = '${this.url}'\n`);
    const port = await freePort();
    const url = Object.assign(new URL(this.url), { port: String(port) }).href;
    return DedicatedServer.launch(url, dataDir, { ...this.launch, clusterDir, port });
  }

  /** Resolves when this standby has replayed everything that `primary` has written. */
  async caughtUpWith(primary: DedicatedServer): Promise<void> {
    const [{ lsn }] = (await primary.query('SELECT pg_current_wal_lsn() AS lsn')) as [{ lsn: string }];
    const behind = async () =>
      (await this.query('SELECT pg_last_wal_replay_lsn() < $1 AS behind', [lsn]))[0]?.behind !== false;
    while (await behind()) await delay(5);
  }

  /** Stops the replication to this standby. */
  async disconnectFromPrimary(): Promise<void> {
    await this.query("ALTER SYSTEM SET primary_conninfo = ''");
    await this.query('SELECT pg_reload_conf()');
    while ((await this.query('SELECT FROM pg_stat_wal_receiver')).length > 0) await delay(5);
  }

  /** Makes this standby a primary. */
  async promote(): Promise<void> {
    await this.query('SELECT pg_promote(true, 600)');
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** For `TestService.start`, which migrates it. */
  get database(): TestDatabase {
    return { url: this.url, query: (text, values) => this.query(text, values), drop: () => this.stop() };
  }

  /** Sets the password of `other` on this server. One URL can then name both servers. */
  async usePasswordOf(other: DedicatedServer): Promise<void> {
    const { username, password } = new URL(other.url);
    await this.query(`ALTER ROLE ${username} PASSWORD '${password}'`);
    this.url = Object.assign(new URL(this.url), { password }).href;
  }

  /** Runs SQL on a new connection. Its commits do not wait for a standby. */
  async query<Row extends pg.QueryResultRow = any>(text: string, values?: unknown[]): Promise<Row[]> {
    const client = new pg.Client({
      connectionString: this.url,
      options: '-c synchronous_commit=local -c default_transaction_read_only=off',
      application_name: 'test',
    });
    await client.connect();
    try {
      return (await client.query<Row>(text, values)).rows;
    } finally {
      await client.end();
    }
  }

  /** Changes a setting of the server and waits until it is in effect. */
  async set(name: string, value: string): Promise<void> {
    await this.query(`ALTER SYSTEM SET ${name} = '${value}'`);
    const watcher = new pg.Client({ connectionString: this.url });
    await watcher.connect();
    try {
      await watcher.query('SELECT pg_reload_conf()');
      const current = async () => (await watcher.query(`SHOW ${name}`)).rows[0]?.[name] as string;
      while ((await current()) !== value) await delay(5);
    } finally {
      await watcher.end();
    }
  }

  /** Number of backends for clients other than this class. */
  async backends(): Promise<number> {
    const [row] = await this.query<{ count: string }>(
      "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND application_name <> 'test'",
    );
    return Number(row?.count);
  }

  async stop(): Promise<void> {
    const exited = once(this.child, 'exit');
    this.child.kill('SIGQUIT'); // its data is not used again
    await exited;
    await rm(this.dataDir, { recursive: true, force: true });
  }
}
