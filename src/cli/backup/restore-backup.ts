import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { DatabaseError } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { DatabaseClient } from '../../database/database-client.js';
import { MIGRATIONS } from '../../database/migrations/index.js';
import { CliError } from '../cli-error.js';
import { damaged, type BackupHeader, type BackupTable } from './backup-format.js';
import type { BackupReader } from './backup-reader.js';
import { analyze, copyIn, EXACT_TEXT, hasRows, LIST_TABLES, lockTables, truncate } from './backup.sql.js';

/** A restore and an append can lock the tables in another order, and PostgreSQL then ends one of the two. */
const DEADLOCK_SQLSTATE = '40P01';
const LOCK_ATTEMPTS = 20;
const LOCK_RETRY_DELAY_MS = 100;

/**
 * Checks, before anything is changed, that the schema of the backup is the schema of this version.
 *
 * @throws CliError it is that of another version
 */
export function checkSchema({ migrations, fastpaca }: BackupHeader): void {
  const known = MIGRATIONS.map(({ name }): string => name);
  if (migrations.some((name) => !known.includes(name))) {
    throw new CliError(
      `The backup was made by a newer version of Fastpaca: restore it with Fastpaca ${fastpaca}`,
    );
  }
  if (known.length !== migrations.length) {
    throw new CliError(
      `The backup has an older schema: restore it with Fastpaca ${fastpaca} into another database, then start this version on it`,
    );
  }
}

/**
 * Replaces the content of all tables, in one transaction: readers see everything or nothing of it. The tables are
 * truncated even if they are empty. They get new files, by which running nodes recognise another history of the database
 * and ignore their caches (docs/decisions/017).
 *
 * @param replace whether existing rows may be deleted
 * @throws CliError the tables have rows, or the backup is damaged or does not fit; nothing is changed
 */
export async function restoreBackup(
  client: DatabaseClient,
  backup: { reader: BackupReader; header: BackupHeader },
  replace: boolean,
): Promise<void> {
  const { reader, header } = backup;
  const names = await checkTables(client, header);
  await beginWithLock(client, names);
  const { rows } = await client.query<{ used: boolean }>(hasRows(names));
  if (rows[0]?.used && !replace) {
    throw new CliError(
      'The database already has conversations: use --replace to delete them, or restore into another database',
    );
  }
  await client.query(EXACT_TEXT);
  await client.query(truncate(names));
  for (const table of header.tables) await copyRows(client, reader, table);
  await reader.readEnd();
  await client.query('COMMIT');
  await client.query(analyze(names));
}

/** @returns the names of the tables */
async function checkTables(client: DatabaseClient, { tables }: BackupHeader): Promise<string[]> {
  const { rows } = await client.query<Omit<BackupTable, 'rows'>>(LIST_TABLES);
  const shapes = (of: readonly Omit<BackupTable, 'rows'>[]) =>
    of.map(({ name, columns }) => `${name} (${columns.toSorted().join(', ')})`).toSorted();
  const [expected, actual] = [shapes(tables), shapes(rows)];
  const difference = [
    ...expected.filter((shape) => !actual.includes(shape)),
    ...actual.filter((shape) => !expected.includes(shape)),
  ];
  if (difference.length) {
    throw new CliError(
      `The tables of the backup are not those of the database: correct ${difference.join(', ')} in the schema "fastpaca", ` +
        'or restore into another database',
    );
  }
  return rows.map(({ name }) => name);
}

/** Begins the transaction. From here on, requests of running nodes wait for it, or receive 503. */
async function beginWithLock(client: DatabaseClient, tables: readonly string[]): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    await client.query('BEGIN');
    try {
      await client.query(lockTables(tables, 'ACCESS EXCLUSIVE'));
      return;
    } catch (error) {
      await client.query('ROLLBACK');
      const isDeadlock = error instanceof DatabaseError && error.code === DEADLOCK_SQLSTATE;
      if (!isDeadlock || attempt === LOCK_ATTEMPTS) throw error;
      await delay(LOCK_RETRY_DELAY_MS);
    }
  }
}

async function copyRows(client: DatabaseClient, reader: BackupReader, table: BackupTable): Promise<void> {
  const copy = client.query(copyFrom(copyIn(table.name, table.columns)));
  await pipeline(reader.readRows(table), copy);
  if (copy.rowCount !== table.rows) throw damaged(`${table.name} lacks rows`);
}
