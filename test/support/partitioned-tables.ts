import type { TestDatabase } from './test-database.js';

const PARTITIONS = 3;

/** The partition key of each table. All rows of a conversation are in one partition of each table. */
const PARTITION_KEYS = {
  conversations: 'namespace, id',
  events: 'namespace, conversation_id',
  compactions: 'namespace, conversation_id',
};

export type PartitionedTable = keyof typeof PARTITION_KEYS;

/** Replaces empty tables of a migrated database with hash-partitioned tables. The new indexes have other names. */
export async function partitionTables(
  database: TestDatabase,
  tables: readonly PartitionedTable[],
): Promise<void> {
  for (const table of tables) {
    await database.query(`
      CREATE TABLE fastpaca.partitioned (LIKE fastpaca.${table} INCLUDING ALL)
        PARTITION BY HASH (${PARTITION_KEYS[table]});
      DROP TABLE fastpaca.${table};
      ALTER TABLE fastpaca.partitioned RENAME TO ${table}`);
    for (let remainder = 0; remainder < PARTITIONS; remainder += 1) {
      await database.query(`
        CREATE TABLE fastpaca.${table}_${remainder} PARTITION OF fastpaca.${table}
          FOR VALUES WITH (MODULUS ${PARTITIONS}, REMAINDER ${remainder})`);
    }
  }
}

/** The partitioned tables of the schema, in alphabetical order. */
export async function partitionedTables(database: TestDatabase): Promise<string[]> {
  const rows = await database.query(
    "SELECT relname AS name FROM pg_class WHERE relnamespace = 'fastpaca'::regnamespace AND relkind = 'p' ORDER BY name",
  );
  return rows.map(({ name }) => name);
}
