import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

let database: TestDatabase;
let dataSource: DataSource;
beforeAll(async () => {
  database = await createTestDatabase();
  process.env.DATABASE_URL = database.url; // ormconfig.ts reads it when it is loaded
  ({ default: dataSource } = await import('../../ormconfig.js'));
  await dataSource.initialize();
});
afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
});

describe('the data source of ormconfig.ts', () => {
  it('knows every table of the schema', async () => {
    const tables = await database.query(
      "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'fastpaca' AND tablename <> 'migrations' ORDER BY name",
    );
    const entities = dataSource.entityMetadatas.map(({ tableName }) => tableName).sort();
    expect(entities).toEqual(tables.map(({ name }) => name));
  });

  it('has entities for which `migration:generate` finds no changes', async () => {
    const { upQueries, downQueries } = await dataSource.driver.createSchemaBuilder().log();
    expect([...upQueries, ...downQueries].map(({ query }) => query)).toEqual([]);
  });
});
