// The environment of a measurement: a PostgreSQL server of its own in a temporary folder, the service and its references.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import 'reflect-metadata';
import { EmbeddedPostgres } from '@fastpaca/local-postgres';
import { migrate } from '../dist/src/database/migrate.js';
import { Conversations } from './conversations.mjs';
import { measure } from './measure.mjs';
import { ServerProcess } from './server-process.mjs';

export class Environment {
  #references = new Map();

  static async start() {
    const dataDir = await mkdtemp(join(tmpdir(), 'fastpaca-bench-'));
    const postgres = await EmbeddedPostgres.start({ dataDir, name: 'fastpaca' });
    await migrate({ databaseUrl: postgres.url, poolSize: 2, nodeName: 'bench' });
    const sql = new pg.Client({ connectionString: postgres.url });
    await sql.connect();
    const environment = new Environment();
    Object.assign(environment, { dataDir, postgres, sql });
    environment.conversations = new Conversations(environment);
    await environment.restartService();
    return environment;
  }

  /** Replaces the service by a new process, which has nothing in its caches. */
  async restartService() {
    await this.service?.stop();
    this.service = await ServerProcess.start('app.mjs', this.postgres);
  }

  /** URL of the service */
  get url() {
    return this.service.url;
  }

  /** A server of the folder references, which starts when it is first used. */
  async reference(name) {
    if (!this.#references.has(name))
      this.#references.set(name, await ServerProcess.start(`references/${name}.mjs`, this.postgres));
    return this.#references.get(name);
  }

  rawCommits(spec) {
    return measure('raw-commits.mjs', { databaseUrl: this.postgres.url, ...spec });
  }

  async stop() {
    for (const server of [this.service, ...this.#references.values()]) await server?.stop();
    await this.sql.end();
    await this.postgres.stop();
    await rm(this.dataDir, { recursive: true, force: true });
  }
}
