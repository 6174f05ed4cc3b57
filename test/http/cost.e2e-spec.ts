import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Injectable, Module } from '@nestjs/common';
import pg from 'pg';
import * as compactionSql from '../../src/compaction/compaction.sql.js';
import * as listsSql from '../../src/conversations/conversation-lists.sql.js';
import * as conversationsSql from '../../src/conversations/conversations.sql.js';
import * as appendSql from '../../src/events/append.sql.js';
import * as eventsSql from '../../src/events/event-log.sql.js';
import { Database } from '../../src/database/database.js';
import { PolicyConfigReader } from '../../src/policies/policy-config.js';
import type { LiveEvent, Timeline } from '../../src/policies/timeline.js';
import { RegisterPolicy, type WindowPolicy } from '../../src/policies/window-policy.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { TestService } from '../support/test-service.js';

const { APPEND_EVENT, APPEND_PINNED_TURN, FIND_APPEND_REJECTION } = appendSql;
const {
  FIRST_SINCE,
  READ_BACKWARD,
  READ_FORWARD,
  READ_OUTLINES,
  READ_PINNED,
  READ_SUFFIX,
  TOKENS_OF_RANGE,
  TOKENS_THROUGH,
  TOKENS_THROUGH_EACH,
} = eventsSql;
const { ACTIVE_COMPACTIONS, COMPACTIONS_AFTER, FIND_SUMMARIES, LAST_COMPACTION } = compactionSql;
const { FIND_CONVERSATION } = conversationsSql;

const SHORT = 200;
const LONG = 50_000;
const NAMES = { short: SHORT, long: LONG } as const;

/** Executes a prepared statement once. @returns the number of buffer pages it touched, and its plan */
async function pagesTouched(
  client: pg.Client,
  prepared: string,
  values: Value[],
): Promise<{ pages: number; plan: string }> {
  const parameters = values.map(literal).join(', ');
  await client.query('BEGIN');
  const { rows } = await client.query(
    `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE ${prepared} (${parameters})`,
  );
  await client.query('ROLLBACK'); // undoes an append, so every measurement starts from the same state
  const [{ Plan: plan }] = rows[0]['QUERY PLAN'] as [{ Plan: Record<string, number> }];
  return { pages: plan['Shared Hit Blocks']! + plan['Shared Read Blocks']!, plan: JSON.stringify(plan) };
}

async function connect({ url }: TestDatabase): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  // The service disables sequential scans on its connections. PostgreSQL uses a generic plan after a few executions.
  await client.query('SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan');
  return client;
}

type Value = string | number | null | Value[];

function literal(value: Value): string {
  if (value === null) return 'NULL';
  if (Array.isArray(value)) return `ARRAY[${value.map(literal).join(',')}]`;
  return typeof value === 'number' ? String(value) : `'${value}'`;
}

/**
 * Title, SQL text, parameters for a log whose last seq is `last`, and the number of pages by which the cost may grow from
 * 200 to 50,000 events.
 */
const MEASURED: [string, string, (last: number, name: string) => Value[], number][] = [
  [
    'an append',
    APPEND_EVENT.text,
    (_, name) => ['default', name, null, '{"role":"user"}', 5, null, `key-${name}`, '1', null, 0],
    20,
  ],
  [
    'an append of a pinned event',
    APPEND_PINNED_TURN.text,
    (_, name) => [
      'default',
      name,
      null,
      1,
      5,
      ['{"role":"user"}'],
      [5],
      [null],
      `key-${name}`,
      ['1'],
      null,
      0,
      [1],
    ],
    20,
  ],
  [
    'a window of the newest 100 events',
    READ_SUFFIX.text,
    (last, name) => ['default', name, [last - 99], [last], [0], 1e8],
    20,
  ],
  // The budget fits the newest 100 events. The statement bisects to find the cut; each probe touches a few pages.
  [
    'a window that the budget cuts',
    READ_SUFFIX.text,
    (last, name) => ['default', name, [1], [last], [(last - 100) * 10], 1e8],
    80,
  ],
  // A summary every 100 events. The statement probes each range that fits and bisects the range that is cut.
  [
    'a window with compactions that the budget cuts',
    READ_SUFFIX.text,
    (last, name) => [
      'default',
      name,
      [last - 199, last - 98],
      [last - 100, last],
      [(last - 150) * 10, (last - 99) * 10],
      1e8,
    ],
    20,
  ],
  [
    'the first event since a time',
    FIRST_SINCE.text,
    (last, name) => ['default', name, last, '2020-01-01'],
    80,
  ],
  [
    'the reason of a rejected append',
    FIND_APPEND_REJECTION.text,
    (_, name) => ['default', name, 'no-such-key'],
    10,
  ],
  ['the token total of a range', TOKENS_OF_RANGE.text, (last, name) => ['default', name, 5, last - 5], 10],
  ['the token total through an event', TOKENS_THROUGH.text, (last, name) => ['default', name, last - 5], 10],
  [
    'the token totals through some events',
    TOKENS_THROUGH_EACH.text,
    (last, name) => ['default', name, [5, last / 2, last - 5]],
    20,
  ],
  ['the conversation record', FIND_CONVERSATION.text, (_, name) => ['default', name], 10],
  // Both logs have the same number of active compactions. Superseded compactions are not read.
  [
    'the active compactions',
    ACTIVE_COMPACTIONS.text,
    (last, name) => ['default', name, last + last / 10],
    10,
  ],
  ['the last compaction', LAST_COMPACTION.text, (last, name) => ['default', name, last + last / 10], 10],
  ['the next compactions', COMPACTIONS_AFTER.text, (last, name) => ['default', name, last, 10], 10],
  [
    'the summaries of a window',
    FIND_SUMMARIES.text,
    (last, name) => ['default', name, [last + last / 10, last + last / 10 - 1], 1e8],
    10,
  ],
  ['a page of the log', READ_FORWARD.text, (last, name) => ['default', name, last - 99, last, 100, 1e8], 20],
  ['the pinned events', READ_PINNED.text, (_, name) => ['default', name, 2, 0, 1e8], 20],
  [
    'the newest outlines',
    READ_OUTLINES.text,
    (last, name) => ['default', name, [last - 255], [last], 256],
    20,
  ],
  [
    'a page of the log, backward',
    READ_BACKWARD.text,
    (last, name) => ['default', name, [1], [last], 100, 1e8],
    20,
  ],
];

async function prepare(client: pg.Client): Promise<void> {
  for (const [index, [, text]] of MEASURED.entries())
    await client.query(`PREPARE measured_${index} AS ${text}`);
}

describe('the cost of a statement on the hot path', () => {
  let database: TestDatabase;
  let emptyTablesClient: pg.Client;
  let analyzedClient: pg.Client;

  beforeAll(async () => {
    database = await createTestDatabase();
    emptyTablesClient = await connect(database);
    await prepare(emptyTablesClient);
    // The first execution creates the plan, while the tables are empty.
    for (const [index, [, , values]] of MEASURED.entries())
      await pagesTouched(emptyTablesClient, `measured_${index}`, values(SHORT, 'nobody'));

    for (const [name, events] of Object.entries(NAMES)) {
      await database.query(
        `INSERT INTO fastpaca.conversations (namespace, id, token_budget, trigger_ratio, policy_strategy, policy_config,
                                             metadata, version, last_seq, tokens_total, head_length, pinned_seqs)
         VALUES ('default', $1, 1000000, 0.7, 'last_n', '{}', '{}', $2, $2, $2::bigint * 10, 2, ARRAY[50, $2 - 10])`,
        [name, events],
      );
      await database.query(
        `INSERT INTO fastpaca.events (namespace, conversation_id, seq, version, body, token_estimate, tokens_total, inserted_at)
         SELECT 'default', $1, n, n, '{"role":"user","parts":[{"type":"text","text":"about as long as a message"}]}', 10, n * 10, now()
           FROM generate_series(1, $2::integer) n`,
        [name, events],
      );
      // One compaction per ten events. All but the newest ten are superseded.
      await database.query(
        `INSERT INTO fastpaca.compactions (namespace, conversation_id, version, from_seq, to_seq, last_seq, active_until,
                                           tokens_before, tokens_through, replacement, message_tokens, token_estimate, inserted_at)
         SELECT 'default', $1, $2 + n, n, n, $2, CASE WHEN n > $2 / 10 - 10 THEN 9223372036854775807 ELSE $2 + n + 1 END,
                n * 10 - 10, n * 10, '[{"role":"system","parts":[{"type":"text","text":"in short"}]}]', '{5}', 5, now()
           FROM generate_series(1, $2::integer / 10) n`,
        [name, events],
      );
    }
    // More conversations, because a sequential scan of a small table is as cheap as an index lookup.
    await database.query(`
      INSERT INTO fastpaca.conversations (namespace, id, token_budget, trigger_ratio, policy_strategy, policy_config, metadata)
      SELECT 'default', 'other-' || n, 1000, 0.7, 'last_n', '{}', '{}' FROM generate_series(1, 2000) n`);
  });
  afterAll(async () => {
    await Promise.all([emptyTablesClient.end(), analyzedClient.end()]);
    await database.drop();
  });

  async function compare(client: pg.Client, index: number): Promise<void> {
    const [, , values, maxGrowthPages] = MEASURED[index]!;
    const onShort = await pagesTouched(client, `measured_${index}`, values(SHORT, 'short'));
    const onLong = await pagesTouched(client, `measured_${index}`, values(LONG, 'long'));
    expect(onLong.plan).not.toContain('Seq Scan');
    expect(onLong.pages).toBeGreaterThan(0);
    expect(onLong.pages - onShort.pages).toBeLessThan(maxGrowthPages);
  }

  const titles = MEASURED.map(([title], index): [string, number] => [title, index]);

  describe('planned on empty tables', () => {
    it.each(titles)('does not grow with the log: %s', (_, index) => compare(emptyTablesClient, index));
  });

  describe('planned after ANALYZE', () => {
    beforeAll(async () => {
      await database.query('ANALYZE');
      analyzedClient = await connect(database);
      await prepare(analyzedClient);
    });

    it.each(titles)('does not grow with the log: %s', (_, index) => compare(analyzedClient, index));
  });
});

/** Selects no event, so it scans as much of the log as the service allows. */
@Injectable()
@RegisterPolicy({ strategy: 'none_such' })
class NoneSuchPolicy implements WindowPolicy<void> {
  parseConfig(raw: Record<string, unknown>): void {
    new PolicyConfigReader(raw).finish();
  }

  async *select(timeline: Timeline): AsyncGenerator<LiveEvent> {
    for await (const event of timeline.newestFirst()) if (event.role === 'nobody') yield event;
  }
}

@Module({ providers: [NoneSuchPolicy] })
class TeamModule {}

describe('the window of a policy', () => {
  /** The start of a scan moves by 512 events. With multiples of 512, both scans cover the same number of events. */
  const LENGTHS = [10 * 512, 100 * 512];
  /** Maximum rows that a scan reads: 4,096 events, and the rest of the page that contains the last one. */
  const MAX_ROWS_OF_SCAN = 4096 + 256;
  /** Windows of two logs may begin at different places of a step. */
  const MAX_ROWS_OF_STEP = 64;
  /** An explanation also reads where the selection begins, and the token totals of its runs. */
  const MAX_ROWS_OF_EXPLANATION = 300;
  let service: TestService;
  let rowsRead = 0;

  beforeAll(async () => {
    service = await TestService.start({ modules: [TeamModule], env: { FASTPACA_CACHE_BYTES: '0' } });
    for (const length of LENGTHS) {
      await service.http.put(`long-${length}`);
      await service.database.query(
        `INSERT INTO fastpaca.events (namespace, conversation_id, seq, version, body, token_estimate, tokens_total, inserted_at)
         SELECT 'default', $1, n, n, '{"role":"user","parts":[{"type":"text","text":"x"}]}', 10, n * 10, now() - interval '1 hour'
           FROM generate_series(1, $2::integer) n`,
        [`long-${length}`, length],
      );
      await service.database.query(
        'UPDATE fastpaca.conversations SET version = $2, last_seq = $2, tokens_total = $2::bigint * 10 WHERE id = $1',
        [`long-${length}`, length],
      );
    }
    const database = service.app.get(Database);
    const query = database.query.bind(database);
    database.query = async (statement, values) => {
      const rows = await query(statement, values);
      rowsRead += rows.length;
      return rows as never[];
    };
  });
  afterAll(() => service.stop());

  it.each([
    ['last_n', {}, 1],
    ['budget', { max_tokens: 500 }, 1],
    ['time_window', { max_age_seconds: 60, min_events: 10 }, 1],
    ['time_window', { max_age_seconds: 7200, max_tokens: 500 }, 1],
    ['skip_parts', { kinds: ['*'] }, 1],
    ['skip_parts', { kinds: ['*'], limit: 20, trim_to: 10 }, 1],
    ['skip_parts', { kinds: [], limit: 1_000_000, max_tokens: 500 }, 1],
    ['strip_tool_results', { limit: 100_000, trim_to: 1, max_tokens: 500 }, 2],
    ['none_such', {}, 1],
  ])('reads as many rows from a longer log, but for a step: %s %j', async (strategy, config, scans) => {
    for (const [query, lookups] of [
      ['', 0],
      ['?explain=true', MAX_ROWS_OF_EXPLANATION],
    ] as const) {
      const read: number[] = [];
      for (const length of LENGTHS) {
        await service.http.put(`long-${length}`, { policy: { strategy, config } });
        rowsRead = 0;
        expect((await service.http.window(`long-${length}`, query)).status).toBe(200);
        read.push(rowsRead);
      }
      const [short = 0, long = 0] = read;
      expect(Math.abs(long - short)).toBeLessThan(MAX_ROWS_OF_STEP);
      expect(long).toBeLessThan(scans * MAX_ROWS_OF_SCAN + lookups);
    }
  });
});

describe('every SQL statement', () => {
  const statements = [appendSql, eventsSql, compactionSql, conversationsSql, listsSql].flatMap((each) =>
    Object.values(each),
  );

  it.each(statements.map(({ name, text }) => [name, text]))(
    'needs no sequential scan: %s',
    async (_, text) => {
      const database = await createTestDatabase();
      const client = new pg.Client({ connectionString: database.url });
      await client.connect();
      try {
        // The service uses this setting on its connections.
        await client.query('SET enable_seqscan = off');
        const { rows } = await client.query(`EXPLAIN (GENERIC_PLAN, FORMAT JSON) ${text}`);
        expect(JSON.stringify(rows)).not.toContain('Seq Scan');
      } finally {
        await client.end();
        await database.drop();
      }
    },
  );
});
