import pg from 'pg';
import { DataSource, type DataSourceOptions } from 'typeorm';
import type { AppConfig } from '../config/app-config.js';
import { DatabaseClient } from './database-client.js';
import { DatabaseServers } from './database-servers.js';
import { MIGRATIONS } from './migrations/index.js';
import { toTlsError } from './tls.errors.js';

type TypeId = Parameters<typeof pg.types.getTypeParser>[0];

const { INT8: BIGINT, JSON: JSON_TEXT } = pg.types.builtins;

/**
 * How values are read: `bigint` as a number (no counter exceeds 2^53), `json` as its text, because stored JSON is returned
 * to callers unchanged.
 */
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: TypeId): ((text: string) => unknown) => {
    if (oid === BIGINT) return Number;
    if (oid === JSON_TEXT) return String;
    return pg.types.getTypeParser(oid, 'text') as (text: string) => unknown;
  },
};

export type DatabaseSettings = Pick<AppConfig, 'databaseUrl' | 'poolSize' | 'databaseTimeoutMs' | 'nodeName'>;

/**
 * TypeORM's options: schema, migrations and the pool with its time limits.
 *
 * @param databaseTimeoutMs time limit in milliseconds for acquiring a connection, and again for each statement; 0: none
 */
export function databaseOptions({
  databaseUrl,
  poolSize,
  databaseTimeoutMs,
  nodeName,
}: DatabaseSettings): DataSourceOptions {
  if (!databaseUrl)
    throw new Error(
      'DATABASE_URL is not set: FastpacaModule needs a PostgreSQL server; `bootstrap()` starts one of its own',
    );
  const servers = new DatabaseServers(databaseUrl);
  return {
    type: 'postgres',
    url: servers.current,
    schema: 'fastpaca',
    migrations: MIGRATIONS,
    migrationsTableName: 'migrations',
    synchronize: false,
    logging: false,
    installExtensions: false,
    poolSize,
    connectTimeoutMS: databaseTimeoutMs,
    applicationName: `fastpaca ${nodeName}`,
    // An idle connection was lost: the pool has already removed it.
    poolErrorHandler: () => undefined,
    extra: {
      Client: DatabaseClient,
      servers,
      types,
      // The server ends a statement at its time limit, so its connection stays usable. `Database` rejects a call that the
      // server does not end.
      statement_timeout: databaseTimeoutMs,
      lock_timeout: databaseTimeoutMs,
      // Every statement of the service finds its rows by an index. A plan made while a table was small would scan the
      // table, and PostgreSQL keeps the plan of a named statement while the table grows.
      options: '-c enable_seqscan=off -c plan_cache_mode=force_generic_plan',
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
      idle_in_transaction_session_timeout: 60_000,
    },
  };
}

/**
 * Connects TypeORM's data source to the first server that accepts writes.
 *
 * @throws DatabaseTlsError TLS does not work with this `DATABASE_URL`
 */
export async function connectDataSource(options: DataSourceOptions): Promise<DataSource> {
  const { servers } = options.extra as { servers: DatabaseServers };
  const dataSource = new DataSource(options);
  try {
    await servers.tryEach(() => dataSource.initialize());
  } catch (error) {
    throw toTlsError(error) ?? error;
  }
  return dataSource;
}
