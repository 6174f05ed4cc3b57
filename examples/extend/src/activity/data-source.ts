import { DataSource, type DataSourceOptions } from 'typeorm';
import { Activity } from './activity.entity.js';
import { CreateActivity1790000000000 } from './create-activity.migration.js';

/** Any number that no other advisory lock of the database has. */
const MIGRATION_LOCK = 20_261;

/** The tables of the team, in a schema of their own beside the schema `fastpaca`. */
export function dataSourceOptions(url: string): DataSourceOptions {
  return {
    type: 'postgres',
    url,
    schema: 'acme',
    entities: [Activity],
    migrations: [CreateActivity1790000000000],
  };
}

/** Connects and migrates, one node at a time. */
export async function connect(options: DataSourceOptions): Promise<DataSource> {
  const dataSource = await new DataSource(options).initialize();
  await dataSource.transaction(async (lock) => {
    await lock.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
    await dataSource.query('CREATE SCHEMA IF NOT EXISTS acme');
    await dataSource.runMigrations();
  });
  return dataSource;
}
