import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { APPEND_TURN, READ_BACKWARD, READ_FORWARD, READ_SUFFIX } from '../src/events/event-log.sql.js';
import { createTestDatabase, type TestDatabase } from './support/test-database.js';

const SHORT = 200;
const LONG = 50_000;
const NAMES = { short: SHORT, long: LONG } as const;

/** Pages that a statement touches, by PostgreSQL's own count; with a generic plan, as prepared statements get one. */
async function pagesTouched(
  { url }: TestDatabase,
  text: string,
  values: Value[],
): Promise<{ pages: number; plan: string }> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('SET plan_cache_mode = force_generic_plan');
    await client.query(`PREPARE measured AS ${text}`);
    const arguments_ = values.map(literal).join(', ');
    const { rows } = await client.query(
      `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE measured (${arguments_})`,
    );
    const [{ Plan: plan }] = rows[0]['QUERY PLAN'] as [{ Plan: Record<string, number> }];
    return { pages: plan['Shared Hit Blocks']! + plan['Shared Read Blocks']!, plan: JSON.stringify(plan) };
  } finally {
    await client.end();
  }
}

type Value = string | number | null | Value[];

function literal(value: Value): string {
  if (value === null) return 'NULL';
  if (Array.isArray(value)) return `ARRAY[${value.map(literal).join(',')}]`;
  return typeof value === 'number' ? String(value) : `'${value}'`;
}

describe('the cost of a statement on the hot path', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase();
    for (const [name, events] of Object.entries(NAMES)) {
      await database.query(
        `INSERT INTO fastpaca.conversations (namespace, id, token_budget, trigger_ratio, policy_strategy, policy_config,
                                             metadata, version, last_seq, tokens_total)
         VALUES ('default', $1, 1000000, 0.7, 'last_n', '{}', '{}', $2, $2, $2::bigint * 10)`,
        [name, events],
      );
      await database.query(
        `INSERT INTO fastpaca.events (namespace, conversation_id, seq, version, body, token_estimate, tokens_total, inserted_at)
         SELECT 'default', $1, n, n, '{"role":"user","parts":[{"type":"text","text":"about as long as a message"}]}', 10, n * 10, now()
           FROM generate_series(1, $2::integer) n`,
        [name, events],
      );
    }
    // Others, so that a scan of all conversations is no cheaper than a look into the index.
    await database.query(`
      INSERT INTO fastpaca.conversations (namespace, id, token_budget, trigger_ratio, policy_strategy, policy_config, metadata)
      SELECT 'default', 'other-' || n, 1000, 0.7, 'last_n', '{}', '{}' FROM generate_series(1, 2000) n`);
    await database.query('ANALYZE');
  });
  afterAll(() => database.drop());

  const statements: [string, string, (last: number, name: string) => Value[], number][] = [
    [
      'an append',
      APPEND_TURN.text,
      (_, name) => ['default', name, null, 1, 5, ['{"role":"user"}'], [5], [null], `key-${name}`],
      20,
    ],
    [
      'a window of the newest 100',
      READ_SUFFIX.text,
      (last, name) => ['default', name, [last - 99], [last], [0], 1e8],
      20,
    ],
    // The budget cuts 100 events off the end of everything: found by bisection, a few pages per probe.
    [
      'a window that the budget cuts',
      READ_SUFFIX.text,
      (last, name) => ['default', name, [1], [last], [(last - 100) * 10], 1e8],
      80,
    ],
    [
      'a page of the log',
      READ_FORWARD.text,
      (last, name) => ['default', name, last - 99, last, 100, 1e8],
      20,
    ],
    [
      'a page of the log, backward',
      READ_BACKWARD.text,
      (last, name) => ['default', name, [1], [last], 100, 1e8],
      20,
    ],
  ];

  it.each(statements)('of %s does not grow with the log', async (_, text, values, mayGrowByPages) => {
    const onShort = await pagesTouched(database, text, values(SHORT, 'short'));
    const onLong = await pagesTouched(database, text, values(LONG, 'long'));
    expect(onLong.plan).not.toContain('Seq Scan');
    expect(onLong.pages).toBeGreaterThan(0);
    expect(onLong.pages - onShort.pages).toBeLessThan(mayGrowByPages);
  });
});
