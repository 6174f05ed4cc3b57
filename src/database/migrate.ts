import type { QueryRunner } from 'typeorm';
import { connectDataSource, databaseOptions, type DatabaseSettings } from './database.options.js';
import { MIGRATIONS } from './migrations/index.js';

/** Key of the advisory lock that lets one node migrate at a time: "fpca" in ASCII. */
const MIGRATION_LOCK = 0x66706361;

/** The schema does not match this code. The message says what to do. */
export class SchemaMismatchError extends Error {}

/**
 * Migrates the schema `fastpaca` to the version of this code; one node at a time, without a time limit.
 *
 * @returns the names of the migrations that were applied, in their order; empty if the schema was up to date
 * @throws SchemaMismatchError if a newer version of the service has migrated it further
 */
export async function migrate(settings: DatabaseSettings): Promise<string[]> {
  return withRunner(settings, async (runner) => {
    // A lock of a transaction, not of a session, also works behind a pooler in transaction mode.
    await runner.startTransaction();
    await runner.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
    await rejectNewerSchema(runner);
    // Checked first: CREATE SCHEMA requires a privilege that the role may lack, even if the schema exists.
    if (!(await exists(runner, 'fastpaca'))) await runner.dataSource.query('CREATE SCHEMA fastpaca');
    const applied = await runner.dataSource.runMigrations({ transaction: 'each' });
    await runner.commitTransaction();
    return applied.map(({ name }) => name);
  });
}

/**
 * Names of the migrations that the schema lacks; all of them if there is no schema.
 *
 * @throws SchemaMismatchError if a newer version of the service has migrated it further
 */
export async function pendingMigrations(settings: DatabaseSettings): Promise<string[]> {
  return withRunner(settings, async (runner) => {
    await rejectNewerSchema(runner);
    const done = await appliedMigrations(runner);
    return MIGRATIONS.map(({ name }) => name).filter((name) => !done.includes(name));
  });
}

/** @throws SchemaMismatchError unless the schema is exactly the one this code expects */
export async function requireMigrated(settings: DatabaseSettings): Promise<void> {
  const missing = await pendingMigrations(settings);
  if (missing.length) {
    throw new SchemaMismatchError(
      `The database lacks the migration(s) ${missing.join(', ')}: run "fastpaca migrate" (in a checkout "npm run migrate"), ` +
        'or start without MIGRATE_ON_BOOT=false',
    );
  }
}

async function withRunner<T>(
  settings: DatabaseSettings,
  work: (runner: QueryRunner) => Promise<T>,
): Promise<T> {
  const dataSource = await connectDataSource(
    databaseOptions({ ...settings, poolSize: 2, databaseTimeoutMs: 0 }),
  );
  const runner = dataSource.createQueryRunner();
  try {
    return await work(runner);
  } finally {
    await runner.release();
    await dataSource.destroy();
  }
}

async function rejectNewerSchema(runner: QueryRunner): Promise<void> {
  const known = new Set<string>(MIGRATIONS.map(({ name }) => name));
  const newer = (await appliedMigrations(runner)).filter((name) => !known.has(name));
  if (newer.length) {
    throw new SchemaMismatchError(
      `The database was migrated by a newer version of Fastpaca (${newer.join(', ')}): start that version, or restore a backup`,
    );
  }
}

async function appliedMigrations(runner: QueryRunner): Promise<string[]> {
  if (!(await exists(runner, 'fastpaca.migrations'))) return [];
  const rows = (await runner.query('SELECT name FROM fastpaca.migrations')) as { name: string }[];
  return rows.map(({ name }) => name);
}

async function exists(runner: QueryRunner, name: string): Promise<boolean> {
  const lookup = name.includes('.') ? 'to_regclass' : 'to_regnamespace';
  const [row] = (await runner.query(`SELECT ${lookup}($1) IS NOT NULL AS there`, [name])) as {
    there: boolean;
  }[];
  return row?.there ?? false;
}
