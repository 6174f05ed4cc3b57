// Starts one PostgreSQL server for the whole test run, with the code of the built service. Its migrated database is the
// template of every test database. `npm test` builds the service first.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import 'reflect-metadata';
import { EmbeddedPostgres } from '@fastpaca/local-postgres';
import { migrate } from '../../dist/src/database/migrate.js';

export default async function startDatabase() {
  const dataDir = await mkdtemp(join(tmpdir(), 'fastpaca-test-'));
  // Tests put a proxy before it, or name another host or port in its URL.
  const server = await EmbeddedPostgres.start({ dataDir, name: 'fastpaca', socket: false });
  await migrate({ databaseUrl: server.url, poolSize: 2, nodeName: 'test-setup' });
  // With --runInBand the tests run in this process. Their entities would be added to these, and keep their modules alive.
  delete globalThis.typeormMetadataArgsStorage;
  await withoutFsync(server.url);
  process.env.TEST_DATABASE_URL = server.url;
  globalThis.stopTestDatabase = async () => {
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
}

/** Makes creating and dropping databases faster. Durability is not needed: tests of crashes start their own server. */
async function withoutFsync(connectionString) {
  const client = new pg.Client({ connectionString });
  await client.connect();
  await client.query('ALTER SYSTEM SET fsync = off');
  await client.query('SELECT pg_reload_conf()');
  await client.end();
}
