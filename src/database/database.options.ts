import pg from 'pg';
import type { DataSourceOptions } from 'typeorm';
import type { AppConfig } from '../config/app-config.js';
import { MIGRATIONS } from './migrations/index.js';

type TypeId = Parameters<typeof pg.types.getTypeParser>[0];

const { INT8: BIGINT, JSON: JSON_TEXT } = pg.types.builtins;

/**
 * How values come out of PostgreSQL: `bigint` as a number (no counter of ours passes 2^53), `json` as its text, so
 * that what a caller sent is never parsed and rebuilt on the way out.
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
 * @param databaseTimeoutMs longest wait for a connection and, apart from it, for a statement; 0 for no limit
 */
export function databaseOptions({
  databaseUrl,
  poolSize,
  databaseTimeoutMs,
  nodeName,
}: DatabaseSettings): DataSourceOptions {
  if (!databaseUrl)
    throw new Error('databaseUrl is not set: a caller without DATABASE_URL starts EmbeddedPostgres first');
  return {
    type: 'postgres',
    url: databaseUrl,
    schema: 'fastpaca',
    migrations: MIGRATIONS,
    migrationsTableName: 'migrations',
    synchronize: false,
    logging: false,
    installExtensions: false,
    poolSize,
    connectTimeoutMS: databaseTimeoutMs,
    applicationName: `fastpaca ${nodeName}`,
    // An idle connection has died: the pool has already dropped it.
    poolErrorHandler: () => undefined,
    extra: {
      types,
      // The server gives up first, so that the connection stays usable; the client's own limit is for a server
      // that is no longer there to do it.
      statement_timeout: databaseTimeoutMs,
      lock_timeout: databaseTimeoutMs,
      query_timeout: databaseTimeoutMs && databaseTimeoutMs + 500,
      // Every statement of ours finds its rows by an index. A plan made while a table was small would scan it, and be
      // kept, with the statement's name, while it grows.
      options: '-c enable_seqscan=off -c plan_cache_mode=force_generic_plan',
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
      idle_in_transaction_session_timeout: 60_000,
    },
  };
}
