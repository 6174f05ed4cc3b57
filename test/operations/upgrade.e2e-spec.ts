import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { connectDataSource, databaseOptions } from '../../src/database/database.options.js';
import { MIGRATIONS } from '../../src/database/migrations/index.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { TestService } from '../support/test-service.js';

/** The migrations of the last version without models and pins. */
const BEFORE = MIGRATIONS.slice(0, 2);

let database: TestDatabase;
let service: TestService;
beforeAll(async () => {
  database = await createTestDatabase({ migrated: false });
  await database.query('CREATE SCHEMA fastpaca');
  const options = databaseOptions({
    databaseUrl: database.url,
    poolSize: 2,
    databaseTimeoutMs: 0,
    nodeName: 'before',
  });
  const before = await connectDataSource({ ...options, migrations: BEFORE });
  await before.runMigrations();
  await before.destroy();
  await database.query(`
    INSERT INTO fastpaca.conversations
           (namespace, id, token_budget, trigger_ratio, policy_strategy, policy_config, metadata, version, last_seq, tokens_total)
    VALUES ('default', 'old', 60, 0.7, 'last_n', '{"limit":200}', '{}', 12, 12, 120)`);
  await database.query(`
    INSERT INTO fastpaca.events (namespace, conversation_id, seq, version, body, token_estimate, tokens_total, inserted_at)
    SELECT 'default', 'old', n, n,
           ('{"role":"' || CASE WHEN n = 1 THEN 'system' ELSE 'user' END || '","pinned":' || (n = 3) ||
            ',"parts":[{"type":"text","text":"x"}]}')::json, 10, n * 10, now()
      FROM generate_series(1, 12) n`);
  service = await TestService.start({ database });
});
afterAll(async () => {
  await service.stop();
  await database.drop();
});

it('keeps conversations as they were, and their windows keep the head', async () => {
  const { body: record } = await service.http.get('old');
  expect(record).toMatchObject({ version: 12, last_seq: 12, token_budget: 60 });
  expect(record).not.toHaveProperty('model');
  expect(record).not.toHaveProperty('reserve_tokens');
  const { body: window } = await service.http.window('old');
  const seqs = window.messages.map(({ seq }: { seq: number }) => seq);
  expect(seqs[0]).toBe(1);
  expect(seqs.at(-1)).toBe(12);
  // A field `pinned` of an event from before is a field like any other.
  expect(seqs).not.toContain(3);
});

it('appends, pins and counts for a model in a conversation from before', async () => {
  await service.http.put('old', { model: 'gpt-4o', reserve_tokens: 5 });
  const event = { role: 'user', content: 'x', token_count: 10, pinned: true };
  expect((await service.http.append('old', { event })).body).toMatchObject({ seq: 13, version: 13 });
  const later = Array.from({ length: 10 }, () => ({ ...event, pinned: false }));
  await service.http.append('old', { events: later });
  const { body: window } = await service.http.window('old');
  const seqs = window.messages.map(({ seq }: { seq: number }) => seq);
  expect(seqs.slice(0, 2)).toEqual([1, 13]);
  expect(seqs.at(-1)).toBe(23);
  expect(window.used_tokens).toBeLessThanOrEqual(55);
});
