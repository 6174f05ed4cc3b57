import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { EmbeddedPostgres } from '../../src/database/embedded/embedded-postgres.js';
import type { TestDatabase } from './test-database.js';

/** Settings that the embedded database fixes otherwise, and that may have standbys. */
const REPLICATED = ['wal_level=replica', 'max_wal_senders=4'];

/** A PostgreSQL of a test's own, for settings that concern the whole server; it may have standbys. */
export class OwnServer {
  private constructor(
    public url: string,
    private readonly dataDir: string,
    private readonly child: ChildProcess,
  ) {}

  /** Has the service's own code make the cluster, and starts it once more with settings of its own. */
  static async start(): Promise<OwnServer> {
    const dataDir = await mkdtemp(join(tmpdir(), 'fastpaca-test-own-'));
    const made = await EmbeddedPostgres.start({ dataDir });
    const { url, pid } = made;
    const [program = '', ...args] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
    await made.stop();
    const { uid, gid } = await stat(join(dataDir, 'postgres'));
    const settings = REPLICATED.flatMap((setting) => ['-c', setting]);
    const child = spawn(program, [...args, ...settings], { uid, gid, cwd: '/', env: {}, stdio: 'ignore' });
    const server = new OwnServer(url, dataDir, child);
    while (!(await server.query('SELECT').then(Boolean, () => false))) await delay(5);
    return server;
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** As the database of a `TestService`, which migrates it. */
  get database(): TestDatabase {
    return { url: this.url, query: (text, values) => this.query(text, values), drop: () => this.stop() };
  }

  /** From now on the password of another server is this one's too, so that one URL may name both. */
  async sharePasswordOf({ url }: OwnServer): Promise<void> {
    const { username, password } = new URL(url);
    await this.query(`ALTER ROLE ${username} PASSWORD '${password}'`);
    this.url = Object.assign(new URL(this.url), { password }).href;
  }

  /** Runs SQL on a connection of its own, which never waits for a standby. */
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

  /** Changes a setting of the server, and waits until sessions see it. */
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

  /** Backends that serve others than the test. */
  async backends(): Promise<number> {
    const [row] = await this.query<{ count: string }>(
      "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND application_name <> 'test'",
    );
    return Number(row?.count);
  }

  async stop(): Promise<void> {
    const exited = once(this.child, 'exit');
    this.child.kill('SIGQUIT'); // nothing of it is looked at again
    await exited;
    await rm(this.dataDir, { recursive: true, force: true });
  }
}
