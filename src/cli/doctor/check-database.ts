import type { AppConfig } from '../../config/app-config.js';
import { withTimeLimit } from '../../common/time-limit.js';
import { pendingMigrations } from '../../database/migrate.js';
import { withSession } from '../../database/session.js';
import { CliError } from '../cli-error.js';
import type { Finding } from './report.js';

const MIN_VERSION = 14;

/** One record in the write-ahead log, and no row: the commit is on the disk, and on the synchronous standbys. */
const WRITE = "SELECT pg_logical_emit_message(true, 'fastpaca', 'doctor')";

/** "tables" names the tables that the role may not read and write. Nulls: there is no schema. */
const PRIVILEGES = `
  SELECT quote_ident(current_user) AS role, quote_ident(current_database()) AS database,
         has_database_privilege(current_database(), 'CREATE') AS "createSchema",
         has_schema_privilege(to_regnamespace('fastpaca'), 'USAGE') AS usage,
         has_schema_privilege(to_regnamespace('fastpaca'), 'CREATE') AS "createTables",
         (SELECT string_agg(relname, ', ' ORDER BY relname) FROM pg_class
           WHERE relnamespace = to_regnamespace('fastpaca') AND relkind IN ('r', 'p')
             AND NOT (has_table_privilege(oid, 'SELECT')
                      AND (relname = 'migrations' OR has_table_privilege(oid, 'INSERT'))
                      AND (relname = 'migrations' OR has_table_privilege(oid, 'UPDATE'))
                      AND (relname NOT IN ('events', 'compactions', 'conversation_usage')
                           OR has_table_privilege(oid, 'DELETE')))) AS tables`;

interface Privileges {
  role: string;
  database: string;
  createSchema: boolean;
  usage: boolean | null;
  createTables: boolean | null;
  tables: string | null;
}

/** @throws Error no server of `DATABASE_URL` accepts a connection and writes */
export function connect(config: AppConfig): Promise<Finding<true>> {
  return withSession(config, ({ host, port, database }) => {
    const address = host.startsWith('/') ? `${host}/.s.PGSQL.${port}` : `${host}:${port}`;
    return Promise.resolve({ text: `${database} at ${address} accepts connections`, value: true });
  });
}

/** @throws CliError the server is too old */
export function checkVersion(config: AppConfig): Promise<Finding<void>> {
  return withSession(config, async (client) => {
    const { rows } = await client.query<{ number: number; name: string }>(
      "SELECT current_setting('server_version_num')::int AS number, current_setting('server_version') AS name",
    );
    const { number = 0, name = '' } = rows[0] ?? {};
    if (number < MIN_VERSION * 10_000) {
      throw new CliError(`version ${name} is too old: use PostgreSQL ${MIN_VERSION} or later`);
    }
    return { text: `version ${name}`, value: undefined };
  });
}

/** @throws CliError the role lacks a privilege; the message has the statement that grants it */
export async function checkPrivileges(config: AppConfig): Promise<Finding<Privileges>> {
  const [found] = await withSession(
    config,
    async (client) => (await client.query<Privileges>(PRIVILEGES)).rows,
  );
  const value = found as Privileges;
  const { role, database, createSchema, usage, tables } = value;
  if (usage === null) {
    if (!createSchema) throw lacks(role, 'create the schema "fastpaca"', `CREATE ON DATABASE ${database}`);
    return { text: `${role} may create the schema`, value };
  }
  if (!usage) throw lacks(role, 'use the schema "fastpaca"', 'USAGE ON SCHEMA fastpaca');
  if (tables !== null) {
    throw lacks(
      role,
      `read and write ${tables}`,
      'SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA fastpaca',
    );
  }
  return { text: `${role} may read and write the tables`, value };
}

/**
 * @throws SchemaMismatchError a newer version has migrated the schema
 * @throws CliError migrations are pending, and a start does not or cannot apply them
 */
export async function checkMigrations(
  config: AppConfig,
  { role, createTables }: Privileges,
): Promise<Finding<void>> {
  const pending = await pendingMigrations(config);
  if (pending.length === 0) return { text: 'the schema is up to date', value: undefined };
  const names = pending.join(', ');
  if (createTables === false) throw lacks(role, `apply ${names}`, 'CREATE ON SCHEMA fastpaca');
  if (!config.migrateOnBoot) throw new CliError(`${names} must be applied: run "fastpaca migrate"`);
  return { text: `the next start applies ${names}`, value: undefined };
}

function lacks(role: string, what: string, grant: string): CliError {
  return new CliError(`${role} may not ${what}: as the owner, run GRANT ${grant} TO ${role}`);
}

/** @throws Error the server accepts no writes; the commit takes too long */
export function checkWrites(config: AppConfig): Promise<Finding<void>> {
  const { databaseTimeoutMs } = config;
  return withSession(config, async (client) => {
    await withTimeLimit(
      client.query(WRITE),
      databaseTimeoutMs,
      () =>
        new CliError(
          `no commit within ${databaseTimeoutMs} ms: check the disk of the database and its synchronous standbys`,
        ),
    );
    return { text: 'the database accepts them', value: undefined };
  });
}
