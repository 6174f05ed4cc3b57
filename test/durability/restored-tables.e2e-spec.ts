import { afterEach, beforeEach, describe, it } from '@jest/globals';
import { CachingNodes } from '../support/caching-nodes.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

describe('tables restored from an older dump while nodes run', () => {
  const TABLES = ['conversations', 'events', 'compactions'];
  let database: TestDatabase;
  let nodes: CachingNodes;
  beforeEach(async () => {
    database = await createTestDatabase();
    nodes = await CachingNodes.start(database);
    await nodes.first.http.put('c');
    for (let n = 1; n <= 7; n += 1) await nodes.append('c', `kept ${n}`);
    await database.query('CREATE SCHEMA dump');
    for (const table of TABLES) await database.query(`CREATE TABLE dump.${table} AS TABLE fastpaca.${table}`);
    for (let n = 8; n <= 10; n += 1) await nodes.append('c', `lost ${n}`);
  });
  afterEach(async () => {
    await nodes.stop();
    await database.drop();
  });

  it.each([
    [
      'dropped and created again, as by pg_restore --clean',
      (table: string) => [
        `CREATE TABLE fastpaca.restored (LIKE fastpaca.${table} INCLUDING ALL)`,
        `INSERT INTO fastpaca.restored SELECT * FROM dump.${table}`,
        `DROP TABLE fastpaca.${table}`,
        `ALTER TABLE fastpaca.restored RENAME TO ${table}`,
      ],
    ],
    [
      'truncated and filled, as by pg_restore --data-only',
      (table: string) => [
        `TRUNCATE fastpaca.${table}`,
        `INSERT INTO fastpaca.${table} SELECT * FROM dump.${table}`,
      ],
    ],
  ])('are read by all nodes at once if they were %s', async (_, statements) => {
    const tags = await nodes.fillCaches('c');
    await database.query(['BEGIN', ...TABLES.flatMap(statements), 'COMMIT'].join(';'));
    await nodes.expectCurrentResponses('c', tags);
    for (let n = 8; n <= 11; n += 1) {
      await nodes.append('c', `new ${n}`);
      await nodes.expectCurrentResponses('c', tags);
    }
  });
});
