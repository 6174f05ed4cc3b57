// Runs the imported suites a second time, with all tables hash-partitioned. Suites with concurrent appends are excluded,
// because APPEND_BATCH on partitioned conversations crashes PostgreSQL 18.4: see docs/decisions/003.
import '../http/conversations.e2e-spec.js';
import './restored-tables.e2e-spec.js';
import { expect, it } from '@jest/globals';
import { partitionedTables, partitionTables } from '../support/partitioned-tables.js';
import { createTestDatabase, prepareTestDatabases } from '../support/test-database.js';

const TABLES = ['compactions', 'conversations', 'events'] as const;

prepareTestDatabases((database) => partitionTables(database, TABLES));

it('the tests of this file use hash-partitioned tables', async () => {
  const database = await createTestDatabase();
  expect(await partitionedTables(database)).toEqual(TABLES);
  await database.drop();
});
