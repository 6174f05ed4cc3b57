import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { ErasureSweeper } from '../../src/erasure/erasure-sweeper.js';
import { expectError, violationPaths } from '../support/error-shape.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { TestService } from '../support/test-service.js';

/** Counters and times of the row that every append changes. */
const CHANGED_BY_APPENDS = [
  'version',
  'last_seq',
  'tokens_total',
  'updated_at',
  'head_length',
  'pinned_seqs',
];

let database: TestDatabase;
let service: TestService;
let otherNode: TestService;
beforeAll(async () => {
  database = await createTestDatabase();
  service = await TestService.start({ database });
  otherNode = await TestService.start({ database });
});
afterAll(async () => {
  await otherNode.stop();
  await service.stop();
  await database.drop();
});

/** Moves the last change of the conversation, and the time at which the sweeper looks at it, into the past. */
async function age(id: string, { changed, looked }: { changed: string; looked: string }): Promise<void> {
  await database.query(
    `UPDATE fastpaca.conversations
        SET updated_at = now() - $2::interval, erase_after = erase_after - $3::interval WHERE id = $1`,
    [id, changed, looked],
  );
}

async function eraseAfter(id: string): Promise<Date | null> {
  const [row] = await database.query('SELECT erase_after AS time FROM fastpaca.conversations WHERE id = $1', [
    id,
  ]);
  return row.time as Date | null;
}

const sweep = () => service.app.get(ErasureSweeper).sweep();

describe('ttl_seconds', () => {
  it('is kept by updates without it, replaced by updates with it, and removed by 0', async () => {
    const { http } = service;
    expect((await http.put('set', { token_budget: 100, ttl_seconds: 60 })).body.ttl_seconds).toBe(60);
    expect((await http.put('set', { token_budget: 200 })).body.ttl_seconds).toBe(60);
    expect((await http.put('set', { trigger_ratio: 0.5 })).body.ttl_seconds).toBe(60);
    expect((await http.put('set', { ttl_seconds: null })).body.ttl_seconds).toBe(60);
    expect((await http.patch('set', { a: 1 })).body.ttl_seconds).toBe(60);
    expect((await http.put('set', { ttl_seconds: 90 })).body.ttl_seconds).toBe(90);
    expect((await http.get('set')).body).toMatchObject({ ttl_seconds: 90, version: 0 });
    expect((await http.put('set', { ttl_seconds: 0 })).body).not.toHaveProperty('ttl_seconds');
    expect((await http.get('set')).body).not.toHaveProperty('ttl_seconds');
    expect(await eraseAfter('set')).toBeNull();
    expect((await http.put('never')).body).not.toHaveProperty('ttl_seconds');
  });

  it.each([[-1], [1.5], [1_000_000_001], ['60'], [true]])('is a 400 that names it for %p', async (ttl) => {
    const response = await service.http.put('bad', { token_budget: 100, ttl_seconds: ttl });
    expectError(response, 400);
    expect(violationPaths(response)).toEqual(['ttl_seconds']);
  });

  it('does not change windows and their tags', async () => {
    await service.http.put('window');
    await service.http.say('window', 'x');
    const before = await service.http.window('window');
    await service.http.put('window', { ttl_seconds: 60 });
    const after = await service.http.window('window');
    expect(after.text).toBe(before.text);
    expect(after.headers.get('etag')).toBe(before.headers.get('etag'));
  });
});

describe('the sweeper', () => {
  it('erases a conversation that has not changed for its time to live, deleted or not', async () => {
    for (const id of ['expired', 'expired-deleted']) {
      await service.http.put(id, { token_budget: 100, ttl_seconds: 3600 });
      await service.http.say(id, 'x');
    }
    await service.http.delete('expired-deleted');
    for (const id of ['expired', 'expired-deleted'])
      await age(id, { changed: '3601 seconds', looked: '3602 seconds' });
    // Both nodes at once: each conversation has one sweeper.
    await Promise.all([sweep(), otherNode.app.get(ErasureSweeper).sweep()]);
    for (const id of ['expired', 'expired-deleted']) {
      expectError(await service.http.get(id), 410);
      expect(
        await database.query('SELECT FROM fastpaca.conversation_lists WHERE conversation_id = $1', [id]),
      ).toEqual([]);
      expect(await database.query('SELECT FROM fastpaca.events WHERE conversation_id = $1', [id])).toEqual(
        [],
      );
      const receipt = await service.http.request('DELETE', service.http.path(id, '?mode=erase'));
      expect(receipt.body).toMatchObject({ id, events: 1 });
      expect(
        await database.query('SELECT action, actor FROM fastpaca.audit_entries WHERE subject = $1', [id]),
      ).toEqual([{ action: 'conversation.erased', actor: 'ttl' }]);
    }
  });

  it('spares a conversation that has changed since, and looks at it again when that time has passed', async () => {
    await service.http.put('active', { token_budget: 100, ttl_seconds: 3600 });
    await service.http.say('active', 'x');
    await age('active', { changed: '1000 seconds', looked: '3602 seconds' });
    await sweep();
    expect((await service.http.get('active')).status).toBe(200);
    const [row] = await database.query(
      "SELECT erase_after = updated_at + interval '3600 seconds' AS due FROM fastpaca.conversations WHERE id = 'active'",
    );
    expect(row.due).toBe(true);
  });

  it('leaves conversations without a time to live alone, and those that another transaction has locked', async () => {
    await service.http.put('immortal');
    await age('immortal', { changed: '100 years', looked: '0' });
    await service.http.put('locked', { token_budget: 100, ttl_seconds: 60 });
    await age('locked', { changed: '100 seconds', looked: '100 seconds' });
    const holder = new pg.Client({ connectionString: database.url });
    await holder.connect();
    await holder.query("BEGIN; SELECT FROM fastpaca.conversations WHERE id = 'locked' FOR UPDATE");
    await sweep();
    for (const id of ['immortal', 'locked']) expect((await service.http.get(id)).status).toBe(200);
    await holder.end();
    await sweep();
    expectError(await service.http.get('locked'), 410);
  });

  it('erases all that have expired, however many', async () => {
    await database.query(`
      INSERT INTO fastpaca.conversations
             (namespace, id, token_budget, trigger_ratio, policy_strategy, policy_config, metadata, ttl_seconds, updated_at, erase_after)
      SELECT 'default', 'many-' || n, 100, 0.7, 'last_n', '{}', '{}', 60, now() - interval '1 hour', now() - interval '1 minute'
        FROM generate_series(1, 250) n`);
    await sweep();
    const [{ count }] = await database.query(
      "SELECT count(*)::int FROM fastpaca.conversations WHERE id LIKE 'many-%' AND erased_at IS NOT NULL AND erase_after IS NULL",
    );
    expect(count).toBe(250);
  });
});

describe('appends to a conversation with a time to live', () => {
  it('change no column of an index of conversations, so that they stay HOT updates', async () => {
    const rows = await database.query(
      "SELECT indexdef AS definition FROM pg_indexes WHERE schemaname = 'fastpaca' AND tablename = 'conversations'",
    );
    expect(rows.length).toBeGreaterThanOrEqual(3);
    for (const { definition } of rows)
      for (const column of CHANGED_BY_APPENDS) expect(definition).not.toMatch(new RegExp(`\\b${column}\\b`));
    await service.http.put('hot', { token_budget: 100, ttl_seconds: 3600 });
    const before = await eraseAfter('hot');
    await service.http.say('hot', 'x');
    expect(await eraseAfter('hot')).toEqual(before);
  });
});
