import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { expectError } from '../support/error-shape.js';
import { TestService } from '../support/test-service.js';

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const EVENT = { role: 'user', content: 'hello' };

let service: TestService;
beforeAll(async () => (service = await TestService.start()));
afterAll(() => service.stop());

describe('PUT /v1/conversations/:id', () => {
  it('creates a conversation with 201 and all defaults', async () => {
    const created = await service.http.put('new', { token_budget: 100 });
    expect(created.status).toBe(201);
    expect(created.body).toEqual({
      id: 'new',
      token_budget: 100,
      trigger_ratio: 0.7,
      policy: { strategy: 'last_n', config: { limit: 200 } },
      metadata: {},
      version: 0,
      last_seq: 0,
      tombstoned: false,
      created_at: expect.stringMatching(TIME),
      updated_at: expect.stringMatching(TIME),
    });
    expect((await service.http.get('new')).body).toEqual(created.body);
  });

  it('updates a conversation with 200 and keeps every omitted field', async () => {
    const settings = {
      token_budget: 4000,
      trigger_ratio: 0.5,
      policy: { strategy: 'last_n', config: { limit: 20, trim_to: 10, max_tokens: 3000 } },
      metadata: { team: 'x', tags: ['a'] },
    };
    const created = (await service.http.put('kept', settings)).body;
    expect(created).toMatchObject(settings);
    for (const body of [
      {},
      { token_budget: 4000 },
      { token_budget: null, trigger_ratio: null, policy: null, metadata: null },
    ]) {
      const updated = await service.http.put('kept', body);
      expect(updated.status).toBe(200);
      expect(updated.body).toEqual({ ...created, updated_at: expect.stringMatching(TIME) });
    }
  });

  it.each([
    ['token_budget', { token_budget: 7 }],
    ['trigger_ratio', { trigger_ratio: 0.25 }],
    ['policy', { policy: { strategy: 'budget', config: {} } }],
    ['metadata', { metadata: { only: true } }],
    ['policy, with a budget', { token_budget: 7, policy: { strategy: 'budget', config: {} } }],
    ['metadata, with a budget', { token_budget: 7, metadata: {} }],
    ['trigger_ratio, with a budget', { token_budget: 7, trigger_ratio: 0.25 }],
  ])('replaces only the fields in the body: %s', async (field, body) => {
    const id = `alone-${field}`;
    const created = (
      await service.http.put(id, {
        token_budget: 4000,
        trigger_ratio: 0.5,
        policy: { strategy: 'time_window', config: { max_age_seconds: 60, min_events: 2 } },
        metadata: { team: 'x', tags: ['a'] },
      })
    ).body;
    const updated = await service.http.put(id, body);
    expect(updated.body).toEqual({ ...created, ...body, updated_at: expect.any(String) });
    expect((await service.http.get(id)).body).toEqual(updated.body);
  });

  it.each([
    ['with a budget', { token_budget: 100 }],
    ['without a budget', {}],
  ])('replaces policy and metadata as a whole, %s', async (name, budget) => {
    const id = `whole ${name}`;
    await service.http.put(id, {
      token_budget: 100,
      policy: { strategy: 'last_n', config: { limit: 5, trim_to: 3 } },
      metadata: { a: 1, deep: { b: 2 } },
    });
    const first = await service.http.put(id, {
      ...budget,
      policy: { strategy: 'skip_parts', config: { limit: 7 } },
      metadata: { deep: { c: 3 } },
    });
    expect(first.body.policy).toEqual({ strategy: 'skip_parts', config: { limit: 7 } });
    expect(first.body.metadata).toEqual({ deep: { c: 3 } });
    const second = await service.http.put(id, { ...budget, policy: { strategy: 'last_n' }, metadata: {} });
    expect(second.body.policy).toEqual({ strategy: 'last_n', config: {} });
    expect(second.body.metadata).toEqual({});
  });

  it('stores null in metadata, which only PATCH treats as a removal', async () => {
    const created = await service.http.put('null-kept', { token_budget: 1, metadata: { a: null } });
    expect(created.body.metadata).toEqual({ a: null });
  });

  it('leaves version and log unchanged', async () => {
    await service.http.put('untouched');
    for (const text of ['a', 'b', 'c']) await service.http.say('untouched', text);
    await service.http.compact('untouched', { from_seq: 1, to_seq: 2, replacement: [EVENT] });
    const log = (await service.http.events('untouched')).text;
    const updated = await service.http.put('untouched', {
      token_budget: 5,
      policy: { strategy: 'budget' },
      metadata: { a: 1 },
    });
    expect(updated.body).toMatchObject({ version: 4, last_seq: 3, token_budget: 5 });
    expect((await service.http.events('untouched')).text).toBe(log);
    expect((await service.http.window('untouched', '?if_version=4')).status).toBe(200);
  });

  it('keeps created_at, and no later write decreases updated_at', async () => {
    let last = (await service.http.put('times')).body;
    const { created_at: createdAt } = last;
    for (const write of [
      () => service.http.put('times', { token_budget: 5 }),
      () => service.http.patch('times', { a: 1 }),
      () => service.http.say('times', 'a'),
      () => service.http.compact('times', { from_seq: 1, to_seq: 1, replacement: [EVENT] }),
      () => service.http.delete('times'),
    ]) {
      await write();
      const now = (await service.http.get('times')).body;
      expect(now.created_at).toBe(createdAt);
      expect(now.updated_at >= last.updated_at).toBe(true);
      last = now;
    }
    const { events } = (await service.http.events('times')).body;
    expect(events[0].inserted_at >= createdAt).toBe(true);
    expect(events[0].inserted_at <= last.updated_at).toBe(true);
  });

  it('creates one conversation from concurrent PUTs of one new id', async () => {
    const other = await TestService.start({ database: service.database });
    try {
      for (let round = 0; round < 10; round += 1) {
        const id = `race-${round}`;
        const responses = await Promise.all(
          Array.from({ length: 20 }, (_, index) =>
            [service, other][index % 2]!.http.put(id, { token_budget: index + 1, metadata: { index } }),
          ),
        );
        expect(responses.map(({ status }) => status).sort()).toEqual([
          ...Array.from({ length: 19 }, () => 200),
          201,
        ]);
        const { body } = await service.http.get(id);
        expect(body.metadata).toEqual({ index: body.token_budget - 1 });
        expect(new Set(responses.map((response) => response.body.created_at))).toEqual(
          new Set([body.created_at]),
        );
      }
    } finally {
      await other.stop();
    }
  });

  it('returns 200 or 400, never 409, to a PUT without token_budget that races the creation', async () => {
    const statuses = new Set<number>();
    for (let round = 0; round < 60; round += 1) {
      const id = `half-${round}`;
      const responses = await Promise.all(
        Array.from({ length: 12 }, (_, index) =>
          service.http.put(id, index === 5 ? { token_budget: 1 } : {}),
        ),
      );
      for (const { status } of responses) statuses.add(status);
    }
    expect([...statuses].filter((status) => ![200, 201, 400].includes(status))).toEqual([]);
  });
});

describe('GET /v1/conversations/:id', () => {
  it('returns 404 if the conversation does not exist', async () => {
    expectError(await service.http.get('absent'), 404);
  });

  it('returns a record that reflects appends, compactions and metadata patches', async () => {
    const { created_at: createdAt } = (await service.http.put('record', { token_budget: 50 })).body;
    await service.http.say('record', 'a');
    await service.http.say('record', 'b');
    await service.http.compact('record', { from_seq: 1, to_seq: 2, replacement: [EVENT] });
    await service.http.patch('record', { a: 1 });
    expect((await service.http.get('record')).body).toEqual({
      id: 'record',
      token_budget: 50,
      trigger_ratio: 0.7,
      policy: { strategy: 'last_n', config: { limit: 200 } },
      metadata: { a: 1 },
      version: 3,
      last_seq: 2,
      tombstoned: false,
      created_at: createdAt,
      updated_at: expect.stringMatching(TIME),
    });
  });
});

describe('DELETE /v1/conversations/:id', () => {
  it('returns 204 without a body, also when repeated, and keeps the first tombstone', async () => {
    await service.http.put('twice');
    const first = await service.http.delete('twice');
    expect({ status: first.status, text: first.text }).toEqual({ status: 204, text: '' });
    const record = (await service.http.get('twice')).body;
    expect(record.tombstoned).toBe(true);
    const second = await service.http.delete('twice');
    expect({ status: second.status, text: second.text }).toEqual({ status: 204, text: '' });
    expect((await service.http.get('twice')).body).toEqual(record);
  });

  it('returns 404 if the conversation does not exist, and creates none', async () => {
    expectError(await service.http.delete('absent'), 404);
    expect((await service.http.put('absent-deleted')).status).toBe(201);
  });

  it('returns 204 to each of 20 concurrent requests', async () => {
    await service.http.put('deleted-by-many');
    const responses = await Promise.all(
      Array.from({ length: 20 }, () => service.http.delete('deleted-by-many')),
    );
    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([204]));
  });

  it('leaves reads unchanged', async () => {
    await service.http.put('readable', { token_budget: 1000, metadata: { a: 1 } });
    for (const text of ['a', 'b', 'c']) await service.http.say('readable', text);
    await service.http.compact('readable', { from_seq: 1, to_seq: 2, replacement: [EVENT] });
    const reads = async () => ({
      record: (await service.http.get('readable')).body,
      events: (await service.http.events('readable')).body,
      last: (await service.http.events('readable', '?from_seq=-1')).body,
      window: (await service.http.window('readable')).body,
    });
    const before = await reads();
    expect(before.window.messages).toHaveLength(2);
    await service.http.delete('readable');
    expect(await reads()).toEqual({
      ...before,
      record: { ...before.record, tombstoned: true, updated_at: expect.stringMatching(TIME) },
    });
  });

  it('makes every later write fail with 409 tombstoned and change nothing', async () => {
    await service.http.put('dead', { token_budget: 1000, metadata: { a: 1 } });
    await service.http.say('dead', 'a');
    await service.http.delete('dead');
    const before = (await service.http.get('dead')).body;
    const responses = await Promise.all([
      service.http.put('dead'),
      service.http.put('dead', { token_budget: 5, metadata: {} }),
      service.http.put('dead', {}),
      service.http.put('dead', { trigger_ratio: 0.1 }),
      service.http.patch('dead', { a: 2 }),
      service.http.patch('dead', {}),
      service.http.append('dead', { event: EVENT }),
      service.http.append('dead', { events: [EVENT, EVENT], idempotency_key: 'k' }),
      service.http.append('dead', { event: EVENT, if_version: 1 }),
      service.http.append('dead', { event: EVENT, if_version: 0 }),
      service.http.compact('dead', { from_seq: 1, to_seq: 1, replacement: [EVENT] }),
      service.http.compact('dead', { from_seq: 1, to_seq: 9, replacement: [EVENT], if_version: 7 }),
    ]);
    for (const response of responses) {
      expectError(response, 409);
      expect(response.body.reason).toBe('tombstoned');
      expect(response.body.expected).toBeUndefined();
    }
    expect((await service.http.get('dead')).body).toEqual(before);
    expect((await service.http.events('dead')).body.events).toHaveLength(1);
    // Validation precedes the tombstone check.
    expectError(await service.http.append('dead', { event: { role: 'robot', content: 'a' } }), 400);
    expectError(await service.http.put('dead', { token_budget: 0 }), 400);
  });
});
