import { randomBytes } from 'node:crypto';
import pg from 'pg';

/** A database for one test file, on the PostgreSQL server of the test run. */
export interface TestDatabase {
  url: string;
  /** Runs SQL as a superuser, to inspect what is stored. */
  query<Row extends pg.QueryResultRow = any>(text: string, values?: unknown[]): Promise<Row[]>;
  drop(): Promise<void>;
}

type Preparation = (database: TestDatabase) => Promise<void>;

let prepare: Preparation | undefined;

/** Runs `preparation` on each migrated database that this test file creates from now on. */
export function prepareTestDatabases(preparation: Preparation): void {
  prepare = preparation;
}

export async function createTestDatabase({ migrated = true } = {}): Promise<TestDatabase> {
  const template = process.env.TEST_DATABASE_URL;
  if (!template) throw new Error('TEST_DATABASE_URL is not set: run the tests with "npm test"');
  const name = `test_${randomBytes(6).toString('hex')}`;
  const source = new URL(template).pathname.slice(1);
  await admin(`CREATE DATABASE ${name} TEMPLATE ${migrated ? source : 'template0'}`);
  const url = new URL(template);
  url.pathname = `/${name}`;
  const pool = new pg.Pool({ connectionString: url.href, max: 2 });
  pool.on('error', () => undefined); // a test may cut every connection of the database
  const database: TestDatabase = {
    url: url.href,
    query: async (text, values) => (await pool.query(text, values)).rows,
    drop: async () => {
      await pool.end();
      await admin(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
  };
  if (migrated) await prepare?.(database);
  return database;
}

/** Runs one statement in another database, because a template with open sessions cannot be copied. */
async function admin(text: string): Promise<void> {
  const url = new URL(process.env.TEST_DATABASE_URL ?? '');
  url.pathname = '/postgres';
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}
