import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import {
  LIST_ACTIVE,
  LIST_BY_ACTIVITY,
  LIST_BY_CREATION,
} from '../../src/conversations/conversation-lists.sql.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const FEW = 100;
const MANY = 40_000;
/** For each of 21 conversations, a page touches more levels of larger indexes. All entries would be 800 pages. */
const MAX_GROWTH_PAGES = 250;

/** The filters of a page. `half` matches every second conversation, `user` ten of them, `nobody` none. */
const FILTERS: Record<string, string>[] = [
  {},
  { user: 'u-1' },
  { half: '1' },
  { user: 'u-1', half: '1' },
  { half: '1', nobody: 'x' },
  { nobody: 'x' },
];
const CASES = ['by_activity', 'by_creation'].flatMap((name) =>
  FILTERS.map((filters): [string, Record<string, string>] => [name, filters]),
);

describe('a page of a list', () => {
  let database: TestDatabase;
  /** Its plans were made while the tables were empty. */
  let client: pg.Client;

  beforeAll(async () => {
    database = await createTestDatabase();
    client = new pg.Client({ connectionString: database.url });
    await client.connect();
    await client.query('SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan');
    await client.query(`PREPARE by_activity AS ${LIST_BY_ACTIVITY.text}`);
    await client.query(`PREPARE by_creation AS ${LIST_BY_CREATION.text}`);
    await client.query(`PREPARE active AS ${LIST_ACTIVE.text}`);
    for (const [name, filters] of CASES) await pagesTouched(execution(name, 'nobody', filters));
    for (const [namespace, count] of Object.entries({ few: FEW, many: MANY })) {
      await database.query(
        `INSERT INTO fastpaca.conversations (namespace, id, token_budget, trigger_ratio, policy_strategy, policy_config, metadata,
                                             created_at, updated_at)
         SELECT $1, 'c' || n, 1000, 0.7, 'last_n', '{}', json_build_object('user', 'u-' || n % ($2 / 10), 'half', n % 2),
                now() - make_interval(mins => n), now() - make_interval(mins => n * 7919 % $2)
           FROM generate_series(1, $2::integer) n`,
        [namespace, count],
      );
      await database.query(
        `INSERT INTO fastpaca.conversation_lists
         SELECT namespace, id, fastpaca.list_filters(metadata), false, fastpaca.hour_of(updated_at), created_at
           FROM fastpaca.conversations WHERE namespace = $1`,
        [namespace],
      );
    }
    await database.query('VACUUM (ANALYZE) fastpaca.conversation_lists');
  });
  afterAll(async () => {
    await client.end();
    await database.drop();
  });

  function execution(name: string, namespace: string, filters: Record<string, string>): string {
    const texts = (values: string[]) => `ARRAY[${values.map((value) => `'${value}'`).join()}]::text[]`;
    const entries = Object.keys(filters).length > 1 ? 1000 : 21;
    return `${name} ('${namespace}', false, ${texts(Object.keys(filters))}, ${texts(Object.values(filters))}, 'infinity', 'infinity', '', ${entries}, 21, 1e8)`;
  }

  /** The least of three runs: one after a change of statistics also reads catalogs. */
  async function pagesTouched(execute: string): Promise<{ pages: number; plan: string }> {
    const runs = [await runOnce(execute), await runOnce(execute), await runOnce(execute)];
    return runs.reduce((least, run) => (run.pages < least.pages ? run : least));
  }

  async function runOnce(execute: string): Promise<{ pages: number; plan: string }> {
    const { rows } = await client.query(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE ${execute}`);
    const plan = rows[0]['QUERY PLAN'][0].Plan as Record<string, number>;
    return { pages: plan['Shared Hit Blocks']! + plan['Shared Read Blocks']!, plan: JSON.stringify(plan) };
  }

  it.each(CASES)('does not cost more with more conversations: %s %j', async (name, filters) => {
    const few = await pagesTouched(execution(name, 'few', filters));
    const many = await pagesTouched(execution(name, 'many', filters));
    expect(many.plan).toContain(`conversation_lists_${name}`);
    // At most 1,000 entries are read for several filters, and one page of the index for each.
    const maxLookups = Object.keys(filters).length > 1 ? 4 * 1000 : 0;
    expect(many.pages - few.pages).toBeLessThan(MAX_GROWTH_PAGES + maxLookups);
  });

  it('reads a few pages for the first change of an hour', async () => {
    const pagesOf = (namespace: string) => pagesTouched(`active (ARRAY['${namespace}'], ARRAY['c5'])`);
    const growth = (await pagesOf('many')).pages - (await pagesOf('few')).pages;
    expect(growth).toBeLessThan(MAX_GROWTH_PAGES);
  });
});
