import { createHash } from 'node:crypto';
import { to as copyTo } from 'pg-copy-streams';
import type { DatabaseClient } from '../../database/database-client.js';
import { CliError } from '../cli-error.js';
import { PRODUCT_VERSION } from '../../common/product-version.js';
import {
  FORMAT,
  FORMAT_VERSION,
  type BackupEnd,
  type BackupHeader,
  type BackupTable,
} from './backup-format.js';
import { copyOut, countRows, EXACT_TEXT, LIST_MIGRATIONS, LIST_TABLES, lockTables } from './backup.sql.js';

const NEWLINE = 0x0a;

/**
 * The lines of a backup, of one snapshot of the database. They are streamed with COPY, which keeps memory flat for any
 * number and size of rows; a cursor would fetch a number of rows, and a row may have 64 MB.
 *
 * @param onHeader is called when the size of the backup is known
 * @throws CliError the database has no schema
 */
export async function* backupLines(
  client: DatabaseClient,
  onHeader: (header: BackupHeader) => void,
): AsyncGenerator<Buffer> {
  const header = await openSnapshot(client);
  onHeader(header);
  const hash = createHash('sha256');
  const lines = async function* () {
    yield lineOf(header);
    for (const table of header.tables) yield* rowsOf(client, table);
  };
  for await (const chunk of lines()) {
    hash.update(chunk);
    yield chunk;
  }
  await client.query('COMMIT');
  const rows = header.tables.reduce((sum, table) => sum + table.rows, 0);
  yield lineOf({ end: true, rows, sha256: hash.digest('hex') } satisfies BackupEnd);
}

/** Begins the transaction whose snapshot the backup contains. */
async function openSnapshot(client: DatabaseClient): Promise<BackupHeader> {
  const { rows: found } = await client.query<Omit<BackupTable, 'rows'>>(LIST_TABLES);
  if (found.length === 0) {
    throw new CliError(
      'The database has no schema "fastpaca": run "fastpaca migrate", or correct DATABASE_URL',
    );
  }
  const names = found.map(({ name }) => name);
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  // Before the snapshot: TRUNCATE and migrations are visible to older snapshots, so they must wait for the end.
  await client.query(lockTables(names, 'ACCESS SHARE'));
  await client.query(EXACT_TEXT);
  const counts = await client.query<Record<string, string>>(countRows(names));
  const migrations = await client.query<{ name: string }>(LIST_MIGRATIONS);
  const clock = await client.query<{ now: string }>('SELECT transaction_timestamp()::text AS now');
  return {
    format: FORMAT,
    version: FORMAT_VERSION,
    fastpaca: PRODUCT_VERSION,
    createdAt: clock.rows[0]?.now ?? '',
    migrations: migrations.rows.map(({ name }) => name),
    tables: found.map((table, index) => ({ ...table, rows: Number(counts.rows[0]?.[index]) })),
  };
}

async function* rowsOf(client: DatabaseClient, { name, columns, rows }: BackupTable): AsyncGenerator<Buffer> {
  let count = 0;
  for await (const chunk of client.query(copyTo(copyOut(name, columns))) as AsyncIterable<Buffer>) {
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, at + 1)) count += 1;
    yield chunk;
  }
  if (count !== rows) throw new Error(`${name} has ${rows} rows, and COPY has sent ${count}`);
}

function lineOf(value: object): Buffer {
  return Buffer.from(`${JSON.stringify(value)}\n`);
}
