// One PostgreSQL for the whole run, made by the built service's own code, with a migrated database that every test
// copies. `npm test` builds first.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import 'reflect-metadata';
import { EmbeddedPostgres } from '@fastpaca/local-postgres';
import { migrate } from '../../dist/src/database/migrate.js';

export default async function startDatabase() {
  const dataDir = await mkdtemp(join(tmpdir(), 'fastpaca-test-'));
  const server = await EmbeddedPostgres.start({ dataDir, name: 'fastpaca' });
  await migrate({ databaseUrl: server.url, poolSize: 2, nodeName: 'test-setup' });
  // With --runInBand the tests share this process: their entities would be added to these, and keep their modules.
  delete globalThis.typeormMetadataArgsStorage;
  await withoutFsync(server.url);
  process.env.TEST_DATABASE_URL = server.url;
  globalThis.stopTestDatabase = async () => {
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
}

/** Nobody pulls the plug on this server, and each test creates and drops a database. Tests of crashes have their own. */
async function withoutFsync(connectionString) {
  const client = new pg.Client({ connectionString });
  await client.connect();
  await client.query('ALTER SYSTEM SET fsync = off');
  await client.query('SELECT pg_reload_conf()');
  await client.end();
}
