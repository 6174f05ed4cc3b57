// The environment of a measurement: a PostgreSQL server of its own in a temporary folder, and the service as a process.
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import 'reflect-metadata';
import { EmbeddedPostgres } from '@fastpaca/local-postgres';
import { migrate } from '../dist/src/database/migrate.js';

const execute = promisify(execFile);

/** Runs a script of this folder in its own process and returns the JSON that it prints. */
export async function measure(script, spec) {
  const { stdout } = await execute(
    process.execPath,
    [join(import.meta.dirname, script), JSON.stringify(spec)],
    {
      maxBuffer: 64 * 1024 * 1024,
    },
  );
  return JSON.parse(stdout);
}

export class Environment {
  static async start() {
    const dataDir = await mkdtemp(join(tmpdir(), 'fastpaca-bench-'));
    const postgres = await EmbeddedPostgres.start({ dataDir, name: 'fastpaca' });
    await migrate({ databaseUrl: postgres.url, poolSize: 2, nodeName: 'bench' });
    const sql = new pg.Client({ connectionString: postgres.url });
    await sql.connect();
    const environment = new Environment();
    Object.assign(environment, { dataDir, postgres, sql, databaseUrl: postgres.url });
    await environment.startService();
    return environment;
  }

  /** Starts the service; restarts it if it runs. */
  async startService() {
    await this.stopService();
    const port = await freePort();
    this.url = `http://127.0.0.1:${port}`;
    const { flags, env } = await startOptions();
    this.child = spawn(process.execPath, [...flags, join(import.meta.dirname, 'app.mjs')], {
      env: {
        ...process.env,
        ...env,
        NODE_OPTIONS: '',
        DATABASE_URL: this.databaseUrl,
        PORT: String(port),
        HOST: '127.0.0.1',
      },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'], // the log is written, and discarded
    });
    await untilReady(this.url, this.child);
  }

  async stopService() {
    if (!this.child) return;
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGTERM');
    await ended;
  }

  /** A report of the service process: `longestStallMs` since the last report, `residentBytes`, `cpuMicros`. */
  serviceReport() {
    const report = new Promise((resolve) => this.child.once('message', resolve));
    this.child.send('report');
    return report;
  }

  /** Creates empty conversations `<prefix>-0` … `<prefix>-<count − 1>`. */
  async createConversations(prefix, count) {
    await this.sql.query(
      `INSERT INTO fastpaca.conversations
              (namespace, id, token_budget, trigger_ratio, policy_strategy, policy_config, metadata)
       SELECT 'default', $1 || '-' || n, 1000000, 0.7, 'last_n', '{"limit":200}', '{}' FROM generate_series(0, $2 - 1) n
           ON CONFLICT DO NOTHING`,
      [prefix, count],
    );
  }

  /** Creates the conversation `id` with `count` events of about 300 bytes. */
  async createLog(id, count) {
    await this.sql.query(
      `INSERT INTO fastpaca.conversations (namespace, id, token_budget, trigger_ratio, policy_strategy, policy_config,
                                           metadata, version, last_seq, tokens_total)
       VALUES ('default', $1, 1000000, 0.7, 'last_n', '{"limit":200}', '{}', $2, $2, 60 * $2::bigint)`,
      [id, count],
    );
    await this.sql.query(
      `INSERT INTO fastpaca.events (namespace, conversation_id, seq, version, body, token_estimate, tokens_total, inserted_at)
       SELECT 'default', $1, n, n,
              ('{"role":"user","parts":[{"type":"text","text":"' || left(repeat(md5(n::text) || ' ', 8), 230) || '"}]}')::json,
              60, 60 * n::bigint, now()
         FROM generate_series(1, $2) n`,
      [id, count],
    );
  }

  load(spec) {
    return measure('load.mjs', { url: this.url, method: 'POST', ...spec });
  }

  rawCommits(spec) {
    return measure('raw-commits.mjs', { databaseUrl: this.databaseUrl, ...spec });
  }

  async stop() {
    await this.stopService();
    await this.sql.end();
    await this.postgres.stop();
    await rm(this.dataDir, { recursive: true, force: true });
  }
}

/** The flags of Node.js and the variables with which `npm start` runs the service of a checkout; default: this one. */
export async function startOptions(folder = join(import.meta.dirname, '..')) {
  const { scripts } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const variables = [...scripts.start.matchAll(/\b([A-Z_]+)=(\S+)/g)].map(([, name, value]) => [name, value]);
  return { flags: scripts.start.match(/--\S+/g), env: Object.fromEntries(variables) };
}

/** Waits until the service at `url` is ready. */
export async function untilReady(url, child) {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the service exited with ${child.exitCode}`);
    const ready = await fetch(`${url}/health/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (ready) return;
    await delay(10);
  }
}

export async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}
