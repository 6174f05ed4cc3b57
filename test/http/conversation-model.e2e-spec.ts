import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ConversationId } from '../../src/common/conversation-id.js';
import { Database } from '../../src/database/database.js';
import { EventLogRepository } from '../../src/events/event-log.repository.js';
import type { NewEvent } from '../../src/events/event-normalizer.js';
import { MessageTokenCounter } from '../../src/tokens/message-token-counter.js';
import { expectConflict, expectError, violationPaths } from '../support/error-shape.js';
import { TestService } from '../support/test-service.js';

/** Two nodes on one database. Both count 7 tokens for every message, and 1,000 · n + 7 for the model `m-n`. */
let nodes: TestService[];
let database: TestService['database'];
beforeAll(async () => {
  const first = await TestService.start();
  nodes = [first, await TestService.start({ database: first.database })];
  database = first.database;
  for (const { app } of nodes) {
    const counter = app.get(MessageTokenCounter);
    counter.count = (_role: string, items: readonly unknown[], model?: string | null) => ({
      total: tokensFor(model),
      items: items.map(() => 1),
    });
  }
});
afterAll(async () => {
  for (const node of nodes.toReversed()) await node.stop();
});

const tokensFor = (model?: string | null): number => 1000 * Number(model?.slice(2) ?? 0) + 7;
const http = (index: number) => nodes[index % nodes.length]!.http;
const MESSAGE = { role: 'user', content: 'hello' };

/** Names of the statements that a node has sent during `work`. */
async function statementsOf({ app }: TestService, work: () => Promise<unknown>): Promise<string[]> {
  const names: string[] = [];
  const executor = app.get(Database);
  const query = executor.query.bind(executor);
  executor.query = (statement, values) => {
    names.push(statement.name);
    return query(statement, values);
  };
  await work();
  executor.query = query;
  return names;
}

describe('the model of a conversation', () => {
  it('is in the record once it is set, and an update without it keeps it', async () => {
    const created = await http(0).put('m-set', { token_budget: 100 });
    expect(created.body).not.toHaveProperty('model');
    const set = await http(0).put('m-set', { model: 'm-1' });
    expect(set.status).toBe(200);
    expect(set.body.model).toBe('m-1');
    for (const body of [{ token_budget: 200 }, { model: null }, { trigger_ratio: 0.5, model: null }])
      expect((await http(1).put('m-set', body)).body.model).toBe('m-1');
    expect((await http(1).get('m-set')).body.model).toBe('m-1');
    expect((await http(1).patch('m-set', { a: 1 })).body.model).toBe('m-1');
    expect((await http(1).put('m-set', { model: 'm-2' })).body.model).toBe('m-2');
    const { body } = await http(0).put('m-set-at-once', { token_budget: 100, model: 'm-3' });
    expect(body).toMatchObject({ model: 'm-3', version: 0 });
  });

  it.each([
    ['one letter', 'a'],
    ['any script', '模型/vision:2 é'],
    ['255 letters', 'x'.repeat(255)],
    ['255 characters outside the BMP', '😀'.repeat(255)],
  ])('may be %s', async (_, model) => {
    const { status, body } = await http(0).put('m-names', { token_budget: 100, model });
    expect(status).toBeLessThan(300);
    expect(body.model).toBe(model);
  });

  it.each([
    ['empty', ''],
    ['256 letters', 'x'.repeat(256)],
    ['text with a line break', 'a\nb'],
    ['text with a NUL', 'a\u0000'],
    ['an unpaired surrogate', '\ud800'],
    ['a number', 7],
    ['a boolean', true],
    ['a list', ['gpt-5']],
    ['an object', {}],
  ])('is rejected with 400 when it is %s', async (_, model) => {
    for (const id of ['m-bad', 'm-set']) {
      const response = await http(0).put(id, { token_budget: 100, model });
      expectError(response, 400);
      expect(violationPaths(response)).toEqual(['model']);
    }
    expectError(await http(0).get('m-bad'), 404);
  });
});

describe('an append', () => {
  const estimate = async (index: number, id: string) =>
    (await http(index).append(id, { event: MESSAGE })).body.token_estimate as number;

  it('counts for the model that another node has set since', async () => {
    await http(0).put('m-other-node');
    expect(await estimate(0, 'm-other-node')).toBe(tokensFor(null));
    await http(1).put('m-other-node', { model: 'm-1' });
    expect(await estimate(0, 'm-other-node')).toBe(tokensFor('m-1'));
    await http(1).put('m-other-node', { model: 'm-2' });
    const turn = await http(0).append('m-other-node', { events: [MESSAGE, MESSAGE] });
    expect(turn.body.events.map((event: any) => event.token_estimate)).toEqual([2007, 2007]);
    const { body } = await http(1).events('m-other-node');
    expect(body.events.map((event: any) => event.token_estimate)).toEqual([7, 1007, 2007, 2007]);
    const [row] = await database.query(
      "SELECT tokens_total::int AS tokens FROM fastpaca.conversations WHERE id = 'm-other-node'",
    );
    expect(row.tokens).toBe(7 + 1007 + 2007 + 2007);
  });

  it('is one statement, unless another node has set another model', async () => {
    await http(0).put('m-statements', { token_budget: 100, model: 'm-1' });
    const append = () => http(0).append('m-statements', { event: MESSAGE });
    expect(await statementsOf(nodes[0]!, append)).toEqual(['append_event']);
    await http(1).put('m-statements', { model: 'm-2' });
    expect(await statementsOf(nodes[0]!, append)).toEqual([
      'append_event',
      'find_append_rejection',
      'append_event',
    ]);
    expect(await statementsOf(nodes[0]!, append)).toEqual(['append_event']);
    await http(1).put('m-statements', { model: 'm-3' });
    await http(0).window('m-statements'); // reads the record, so the node knows the model
    expect(await statementsOf(nodes[0]!, append)).toEqual(['append_event']);
  });

  it('makes its checks in the order of the contract, whatever model it was counted for', async () => {
    const id = 'm-order';
    await http(0).put(id);
    const body = { event: MESSAGE, idempotency_key: 'k', if_version: 0 };
    const first = await http(0).append(id, body);
    await http(1).put(id, { model: 'm-1' });
    // The key first: the answer is the original one, in the tokens of that time.
    expect((await http(0).append(id, body)).body).toEqual({ ...first.body, deduped: true });
    await http(1).put(id, { model: 'm-2' });
    expectConflict(
      await http(0).append(id, { ...body, event: { ...MESSAGE, content: 'other' } }),
      'idempotency_conflict',
    );
    await http(1).put(id, { model: 'm-3' });
    const stale = await http(0).append(id, { event: MESSAGE, if_version: 0 });
    expectConflict(stale, 'version_mismatch', { expected: 0, actual: 1 });
    await http(1).put(id, { model: 'm-4' });
    expect((await http(0).append(id, { event: MESSAGE, if_version: 1 })).body).toEqual({
      seq: 2,
      version: 2,
      token_estimate: 4007,
    });
    await http(1).put(id, { model: 'm-5' });
    await http(1).delete(id);
    expect((await http(0).append(id, body)).body).toEqual({ ...first.body, deduped: true });
    expectConflict(await http(0).append(id, { event: MESSAGE, if_version: 0 }), 'tombstoned');
    expect((await http(0).get(id)).body.last_seq).toBe(2);
  });

  it('in a batch depends on no other turn: each is written only if it was counted for the model of its conversation', async () => {
    const ids = ['m-batch-1', 'm-batch-2', 'm-batch-none'];
    for (const [index, id] of ids.entries())
      await http(0).put(id, { token_budget: 100, ...(index < 2 && { model: `m-${index + 1}` }) });
    const event: NewEvent = {
      role: 'user',
      body: '{"role":"user","parts":[]}',
      tokenEstimate: 5,
      partTokens: null,
      outline: '1',
      pinned: false,
    };
    const turns = ids.flatMap((id) =>
      [null, 'm-1', 'm-2', 'M-1', 'm-1'].map((model) => ({
        id: new ConversationId('default', id),
        events: [event],
        model,
      })),
    );
    const outcomes = await nodes[0]!.app.get(EventLogRepository).appendBatch(turns);
    expect(outcomes.map((written) => written?.map(({ seq }) => seq))).toEqual([
      ...[undefined, [1], undefined, undefined, [2]],
      ...[undefined, undefined, [1], undefined, undefined],
      ...[[1], undefined, undefined, undefined, undefined],
    ]);
    const records = await Promise.all(ids.map((id) => http(1).get(id)));
    expect(records.map(({ body }) => body.last_seq)).toEqual([2, 1, 1]);
  });

  it('counts the replacement of a compaction for the model, too', async () => {
    await http(0).put('m-compacted');
    await http(0).append('m-compacted', { events: [MESSAGE, MESSAGE] });
    await http(1).put('m-compacted', { model: 'm-3' });
    const replacement = [{ role: 'system', content: 'in short' }];
    const compaction = { from_seq: 1, to_seq: 1, replacement };
    expect((await http(0).compact('m-compacted', compaction)).body.version).toBe(3);
    expect((await http(0).window('m-compacted')).body.used_tokens).toBe(3007 + 7);
  });

  it('counts for the model at its commit while several writers and nodes change the model', async () => {
    const ids = ['m-race-1', 'm-race-2', 'm-race-3'];
    for (const id of ids) await http(0).put(id);
    // The row lock orders appends and PUTs, so within the statement of an append the row has the model of its commit.
    await database.query(`
      CREATE TABLE public.wrong_counts (seq bigint, tokens int, model text);
      CREATE FUNCTION public.check_count() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        INSERT INTO public.wrong_counts
        SELECT NEW.seq, NEW.token_estimate, model FROM fastpaca.conversations
         WHERE namespace = NEW.namespace AND id = NEW.conversation_id
           AND NEW.token_estimate <> 1000 * COALESCE(substr(model, 3), '0')::int + 7;
        RETURN NULL;
      END $$;
      CREATE TRIGGER check_count AFTER INSERT ON fastpaca.events FOR EACH ROW EXECUTE FUNCTION public.check_count()`);
    const ROUNDS = 15;
    const WRITERS = 4;
    const writer = async (index: number) => {
      const statuses: number[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        const turns = ids.map((id) =>
          http(index + round).append(id, round % 3 ? { event: MESSAGE } : { events: [MESSAGE, MESSAGE] }),
        );
        for (const { status } of await Promise.all(turns)) statuses.push(status);
      }
      return statuses;
    };
    let isWriting = true;
    const changer = async (index: number) => {
      for (let round = 1; isWriting; round += 1)
        await Promise.all(ids.map((id) => http(index + round).put(id, { model: `m-${(round % 5) + 1}` })));
    };
    const changes = [changer(0), changer(1)];
    const statuses = await Promise.all(Array.from({ length: WRITERS }, (_, index) => writer(index)));
    isWriting = false;
    await Promise.all(changes);
    expect(new Set(statuses.flat())).toEqual(new Set([201]));
    expect(await database.query('SELECT * FROM public.wrong_counts')).toEqual([]);
    const [counts] = await database.query(
      "SELECT count(*)::int AS events, count(DISTINCT token_estimate)::int AS models FROM fastpaca.events WHERE conversation_id LIKE 'm-race-%'",
    );
    expect(counts.events).toBe(WRITERS * ids.length * (ROUNDS + ROUNDS / 3));
    expect(counts.models).toBeGreaterThan(2);
  });
});

describe('reserve_tokens', () => {
  it('is in the record while it is not 0', async () => {
    const { body } = await http(0).put('reserve', { token_budget: 100, reserve_tokens: 99 });
    expect(body).toMatchObject({ token_budget: 100, reserve_tokens: 99, version: 0 });
    for (const settings of [{ trigger_ratio: 0.5 }, { token_budget: 101 }, { reserve_tokens: null }])
      expect((await http(0).put('reserve', settings)).body.reserve_tokens).toBe(99);
    expect((await http(0).put('reserve', { reserve_tokens: 0 })).body).not.toHaveProperty('reserve_tokens');
    expect((await http(0).get('reserve')).body).not.toHaveProperty('reserve_tokens');
  });

  it.each([-1, 1.5, '5', true, [1], {}, 1e21])('is rejected with 400 when it is %j', async (reserved) => {
    for (const id of ['reserve-bad', 'reserve']) {
      const response = await http(0).put(id, { token_budget: 100, reserve_tokens: reserved });
      expectError(response, 400);
      expect(violationPaths(response)).toEqual(['reserve_tokens']);
    }
    expectError(await http(0).get('reserve-bad'), 404);
  });

  it('must be less than the budget, also if only one of the two changes; the 400 names the one that was sent', async () => {
    const id = 'reserve-less';
    await http(0).put(id, { token_budget: 100, reserve_tokens: 50 });
    const { body: before } = await http(0).get(id);
    for (const [settings, path] of [
      [{ token_budget: 50, reserve_tokens: 50 }, 'reserve_tokens'],
      [{ reserve_tokens: 100 }, 'reserve_tokens'],
      [{ reserve_tokens: 2 ** 40 }, 'reserve_tokens'],
      [{ token_budget: 50 }, 'token_budget'],
      [{ token_budget: 1 }, 'token_budget'],
    ] as const) {
      const response = await http(0).put(id, { ...settings, metadata: { changed: true } });
      expectError(response, 400);
      expect(violationPaths(response)).toEqual([path]);
    }
    expect((await http(0).get(id)).body).toEqual(before);
    expect((await http(0).put(id, { token_budget: 51 })).status).toBe(200);
    expect((await http(0).put(id, { token_budget: 10, reserve_tokens: 9 })).status).toBe(200);
    const unknown = await http(0).put('reserve-new', { reserve_tokens: 9 });
    expect(violationPaths(unknown)).toEqual(['token_budget']);
    await http(0).delete(id);
    expectConflict(await http(0).put(id, { token_budget: 5 }), 'tombstoned');
    expectConflict(await http(0).put(id, { reserve_tokens: 50 }), 'tombstoned');
  });

  it.each([1, 2, 3, 4, 5])(
    'stays less than the budget while both change concurrently (round %i)',
    async (round) => {
      const id = `reserve-race-${round}`;
      await http(0).put(id, { token_budget: 1000, reserve_tokens: 1 });
      const responses = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          http(index).put(
            id,
            index % 2
              ? { reserve_tokens: 100 * (index % 8) + 50 }
              : { token_budget: 100 * (index % 10) + 100 },
          ),
        ),
      );
      for (const { status, body } of responses) {
        expect([200, 400]).toContain(status);
        if (status === 200) expect(body.reserve_tokens ?? 0).toBeLessThan(body.token_budget);
      }
      const { body } = await http(1).get(id);
      expect(body.reserve_tokens).toBeLessThan(body.token_budget);
    },
  );
});
