import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { expectConflict, expectError } from '../support/error-shape.js';
import { jsonField, jsonItems } from '../support/json-fields.js';
import { expectRejectedAppend } from '../support/rejected-append.js';
import { TestService } from '../support/test-service.js';

const EVENT = { role: 'user', parts: [{ type: 'text', text: 'hello' }] };
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

let service: TestService;
beforeAll(async () => (service = await TestService.start()));
afterAll(() => service.stop());

const logOf = async (id: string) => (await service.http.events(id)).body.events;

/** Returns the JSON text of one event of the log, exactly as the service sends it. */
async function eventText(id: string, seq: number): Promise<string> {
  const { text } = await service.http.events(id, `?from_seq=${seq}&to_seq=${seq}`);
  return jsonItems(jsonField(text, 'events')!)[0]!;
}

describe('POST /v1/conversations/:id/events with one event', () => {
  it('returns 201 with seq, version and token_estimate', async () => {
    await service.http.put('one');
    for (const seq of [1, 2, 3]) {
      const response = await service.http.append('one', { event: EVENT });
      expect(response.status).toBe(201);
      // 3 tokens per message, 1 for the role and 1 for the text.
      expect(response.body).toEqual({ seq, version: seq, token_estimate: 5 });
    }
    await service.http.compact('one', { from_seq: 1, to_seq: 2, replacement: [EVENT] });
    expect((await service.http.append('one', { event: EVENT })).body).toEqual({
      seq: 4,
      version: 5,
      token_estimate: 5,
    });
  });

  it('stores every field, and the log adds the server fields', async () => {
    await service.http.put('back');
    const event = {
      role: 'assistant',
      parts: [
        { type: 'text', text: 'x', extra: [1] },
        { type: 'tool_call', input: { a: null } },
      ],
      id: 'e-1',
      metadata: { model: 'm', nested: { a: [true] } },
      unknown: { b: 1 },
      nothing: null,
    };
    const { token_estimate: tokenEstimate } = (await service.http.append('back', { event })).body;
    expect(await logOf('back')).toEqual([
      {
        ...event,
        seq: 1,
        version: 1,
        token_estimate: tokenEstimate,
        inserted_at: expect.stringMatching(TIME),
      },
    ]);
  });

  it.each(['system', 'developer', 'user', 'assistant', 'tool'])('accepts the role %s', async (role) => {
    const id = `role-${role}`;
    await service.http.put(id);
    expect((await service.http.append(id, { event: { ...EVENT, role } })).status).toBe(201);
    expect((await logOf(id))[0].role).toBe(role);
  });

  it.each(['', 'User', 'user ', 'robot', 'toString', null, undefined, 7, ['user'], {}])(
    'rejects the role %j',
    (role) => expectRejectedAppend(service.http, { event: { ...EVENT, role } }, ['event.role']),
  );

  it.each([
    ['no parts and no content', {}, 'event.parts'],
    ['null parts', { parts: null }, 'event.parts'],
    ['an empty list of parts', { parts: [] }, 'event.parts'],
    ['parts as an object', { parts: { type: 'text' } }, 'event.parts'],
    ['parts as a string', { parts: 'hello' }, 'event.parts'],
    ['a part that is a string', { parts: ['hello'] }, 'event.parts[0]'],
    ['a part that is null', { parts: [{ type: 'a' }, null] }, 'event.parts[1]'],
    ['a part that is a list', { parts: [[]] }, 'event.parts[0]'],
    ['a part without a type', { parts: [{ type: 'a' }, { text: 'x' }] }, 'event.parts[1].type'],
    ['a part whose type is null', { parts: [{ type: null }] }, 'event.parts[0].type'],
    ['a part whose type is a number', { parts: [{ type: 7 }] }, 'event.parts[0].type'],
    ['content and parts', { content: 'a', parts: EVENT.parts }, 'event.content'],
    ['empty content and parts', { content: '', parts: EVENT.parts }, 'event.content'],
    ['content and an empty list of parts', { content: 'a', parts: [] }, 'event.content'],
    ['content as a number', { content: 7 }, 'event.content'],
    ['content as an object', { content: EVENT.parts[0] }, 'event.content'],
    ['an empty list of content', { content: [] }, 'event.content'],
    [
      'content with a part without a type',
      { content: [{ type: 'a' }, { text: 'x' }] },
      'event.content[1].type',
    ],
    ['a list of content and parts', { content: EVENT.parts, parts: EVENT.parts }, 'event.content'],
    ['null content and no parts', { content: null }, 'event.parts'],
    ['null content and an empty list of tool calls', { content: null, tool_calls: [] }, 'event.parts'],
    ['null content and tool calls that are no list', { content: null, tool_calls: {} }, 'event.parts'],
    ['metadata as a list', { ...EVENT, metadata: [] }, 'event.metadata'],
    ['metadata as a string', { ...EVENT, metadata: 'x' }, 'event.metadata'],
    ['an id that is a number', { ...EVENT, id: 7 }, 'event.id'],
    ['a token_count below 0', { ...EVENT, token_count: -1 }, 'event.token_count'],
    ['a token_count that is a fraction', { ...EVENT, token_count: 1.5 }, 'event.token_count'],
    ['a token_count that is a string', { ...EVENT, token_count: '5' }, 'event.token_count'],
    ['a token_count above the maximum', { ...EVENT, token_count: 1e300 }, 'event.token_count'],
  ])('rejects an event with %s', (_, event, path) =>
    expectRejectedAppend(service.http, { event: { role: 'user', ...event } }, [path]),
  );

  it.each([null, 'hello', 7, [], [EVENT], true])(
    'rejects an event that is not an object: %j',
    async (event) => {
      await expectRejectedAppend(service.http, { event }, ['event']);
    },
  );

  it('accepts parts of any shape and type', async () => {
    await service.http.put('parts');
    const parts = [
      { type: '' },
      { type: 'text' },
      { type: 'text', text: 7 },
      { type: 'text', text: null },
      { type: 'reasoning', text: ['x'] },
      { type: 'file', data: 'aGVsbG8=', nested: { deep: [[{}]] } },
      { type: '\u0000', text: '\u0000 <|endoftext|>' },
      { text: 'type comes last', type: 'text' },
    ];
    expect((await service.http.append('parts', { event: { role: 'user', parts } })).status).toBe(201);
    expect((await logOf('parts'))[0].parts).toEqual(parts);
  });

  it('stores content as one text part', async () => {
    await service.http.put('content');
    for (const content of ['hello', '', '"\\\u0000\ud800 é😀\n</script>']) {
      const short = await service.http.append('content', { event: { role: 'user', content, after: 1 } });
      const long = await service.http.append('content', {
        event: { role: 'user', parts: [{ type: 'text', text: content }], content: null, after: 1 },
      });
      expect(short.body.token_estimate).toBe(long.body.token_estimate);
      const [first, second] = (await logOf('content')).slice(-2);
      expect(first.parts).toEqual([{ type: 'text', text: content }]);
      expect(first).not.toHaveProperty('content');
      expect(second).toMatchObject({ parts: first.parts, after: 1 });
    }
    const withNull = { role: 'user', parts: null, content: 'x' };
    expect((await service.http.append('content', { event: withNull })).status).toBe(201);
    expect((await logOf('content')).at(-1).parts).toEqual([{ type: 'text', text: 'x' }]);
  });

  it('stores a list of content as the parts, at the same position and with the same spelling', async () => {
    await service.http.put('content-list');
    const list = '[{"type":"text","text":"a","n":1.0},{"2":1,"1":2,"type":"image_url"}]';
    await service.http.append('content-list', `{"event":{"role":"user","content": ${list} ,"name":"alice"}}`);
    expect(await eventText('content-list', 1)).toContain(`"role":"user","parts":${list},"name":"alice"`);
    const short = await service.http.append('content-list', {
      event: { role: 'user', content: JSON.parse(list) },
    });
    const long = await service.http.append('content-list', {
      event: { role: 'user', parts: JSON.parse(list) },
    });
    expect(short.body.token_estimate).toBe(long.body.token_estimate);
  });

  it('stores empty parts for a message that has only tool calls', async () => {
    await service.http.put('calls-only');
    const calls =
      '[{"id":"call_1","type":"function","function":{"name":"add","arguments":"{\\"n\\":1.0}"},"n":1.0}]';
    for (const [sent, stored] of [
      [`"content":null,"tool_calls":${calls},"x":1`, `"parts":[],"tool_calls":${calls},"x":1`],
      [`"tool_calls":${calls},"x":1`, `"tool_calls":${calls},"x":1,"parts":[]`],
      [`"parts":[],"tool_calls":${calls}`, `"parts":[],"tool_calls":${calls}`],
    ]) {
      const response = await service.http.append('calls-only', `{"event":{"role":"assistant",${sent}}}`);
      // 3 tokens per message, 1 for the role, 1 for add, and for the arguments {"|n|":|1|.|0|}
      expect(response.body).toMatchObject({ token_estimate: 3 + 1 + 1 + 7 });
      expect(await eventText('calls-only', response.body.seq as number)).toContain(
        `"role":"assistant",${stored}`,
      );
    }
  });

  it('accepts tool_calls of any kind', async () => {
    await service.http.put('any-calls');
    for (const event of [
      { role: 'user', content: 'a', tool_calls: 7 },
      { role: 'user', content: 'a', tool_calls: [] },
      { role: 'assistant', content: null, tool_calls: [null, 7, 'x', [], {}] },
    ]) {
      expect((await service.http.append('any-calls', { event })).status).toBe(201);
      expect((await logOf('any-calls')).at(-1).tool_calls).toEqual(event.tool_calls);
    }
  });

  it('accepts null in optional fields', async () => {
    await service.http.put('nulls');
    const event = { ...EVENT, id: null, metadata: null, token_count: null };
    const response = await service.http.append('nulls', { event });
    expect(response.body).toEqual({ seq: 1, version: 1, token_estimate: 5 });
    expect((await logOf('nulls'))[0]).toMatchObject(event);
  });

  it("uses the caller's token_count as the estimate", async () => {
    await service.http.put('counts');
    const two = [...EVENT.parts, ...EVENT.parts];
    for (const [count, parts] of [
      [0, EVENT.parts],
      [1, EVENT.parts],
      [777_777, two],
      [0, two],
      [2_147_483_647, EVENT.parts],
    ] as const) {
      const event = { role: 'user', parts, token_count: count };
      const response = await service.http.append('counts', { event });
      expect(response.body.token_estimate).toBe(count);
      expect((await logOf('counts')).at(-1)).toMatchObject({ token_count: count, token_estimate: count });
    }
    // The sum of these estimates exceeds the maximum for one event.
    const turn = Array.from({ length: 3 }, () => ({ ...EVENT, token_count: 2_147_483_647 }));
    expect((await service.http.append('counts', { events: turn })).status).toBe(201);
    const [row] = await service.database.query(
      `SELECT tokens_total::text AS total FROM fastpaca.conversations WHERE id = 'counts'`,
    );
    expect(row.total).toBe(String(4 * 2_147_483_647 + 777_778));
  });

  it('ignores server fields that the caller sends', async () => {
    await service.http.put('owned');
    const body =
      '{"event":{"seq":99,"a":1.0,"version":98,"role":"user","token_estimate":97,' +
      '"inserted_at":"1999-01-01T00:00:00.000Z","parts":[{"type":"text","text":"hello","seq":96}],' +
      '"\\u0073eq":95,"metadata":{"version":94}}}';
    const response = await service.http.append('owned', body);
    expect(response.body).toEqual({ seq: 1, version: 1, token_estimate: 5 });
    const [event] = await logOf('owned');
    expect(event).toEqual({
      seq: 1,
      version: 1,
      a: 1,
      role: 'user',
      parts: [{ type: 'text', text: 'hello', seq: 96 }],
      metadata: { version: 94 },
      token_estimate: 5,
      inserted_at: expect.stringMatching(TIME),
    });
    expect(event.inserted_at > '2020').toBe(true);
    const text = await eventText('owned', 1);
    for (const name of ['seq', 'version', 'token_estimate', 'inserted_at']) {
      expect(text.split(`"${name}":`)).toHaveLength(
        { seq: 3, version: 3, token_estimate: 2, inserted_at: 2 }[name]!,
      );
    }
  });
});

describe('POST /v1/conversations/:id/events with a turn', () => {
  it('appends 1 to 100 events in order, with consecutive seqs', async () => {
    await service.http.put('turns');
    await service.http.append('turns', { event: EVENT });
    let next = 2;
    for (const size of [1, 2, 99, 100]) {
      const events = Array.from({ length: size }, (_, index) => ({ ...EVENT, index }));
      const response = await service.http.append('turns', { events });
      expect(response.status).toBe(201);
      expect(response.body).toEqual({
        version: next + size - 1,
        events: events.map((_, index) => ({ seq: next + index, version: next + index, token_estimate: 5 })),
      });
      const { body } = await service.http.events('turns', `?from_seq=${next}`);
      expect(body.events.map((event: any) => [event.seq, event.index])).toEqual(
        events.map((_, index) => [next + index, index]),
      );
      next += size;
    }
  });

  it.each([
    ['an empty list', [], ['events']],
    ['a list of 101 events', Array.from({ length: 101 }, () => EVENT), ['events']],
    ['an object', { 0: EVENT }, ['events']],
    ['a string', 'hello', ['events']],
    ['a list with a null', [EVENT, null, EVENT], ['events[1]']],
    ['a list with an invalid role', [EVENT, EVENT, { ...EVENT, role: 'x' }], ['events[2].role']],
    [
      'a list with a part without a type',
      [EVENT, { role: 'user', parts: [{}] }],
      ['events[1].parts[0].type'],
    ],
    [
      'a list of 100 events whose last one is invalid',
      [...Array.from({ length: 99 }, () => EVENT), {}],
      ['events[99].parts', 'events[99].role'],
    ],
  ] as [string, unknown, string[]][])('rejects the whole turn when events is %s', (_, events, paths) =>
    expectRejectedAppend(service.http, { events }, paths),
  );

  it('rejects a body with both event and events, or with neither', async () => {
    await expectRejectedAppend(service.http, { event: EVENT, events: [EVENT] }, ['events']);
    await expectRejectedAppend(service.http, {}, ['event']);
    await expectRejectedAppend(service.http, { event: null, events: null }, ['event']);
    await expectRejectedAppend(service.http, { idempotency_key: 'k' }, ['event']);
  });

  it('stores the same inserted_at for all events, and an estimate for each', async () => {
    await service.http.put('turn-estimates');
    const response = await service.http.append('turn-estimates', {
      events: [EVENT, { ...EVENT, token_count: 70 }, { role: 'user', content: 'hello hello hello' }],
    });
    const estimates = response.body.events.map((event: any) => event.token_estimate);
    expect(estimates).toEqual([5, 70, 7]);
    const log = await logOf('turn-estimates');
    expect(log.map((event: any) => event.token_estimate)).toEqual(estimates);
    expect(new Set(log.map((event: any) => event.inserted_at)).size).toBe(1);
  });
});

describe('if_version of an append', () => {
  it('accepts the current version and rejects any other with 409 and both versions', async () => {
    await service.http.put('guard');
    expect((await service.http.append('guard', { event: EVENT, if_version: 0 })).body.version).toBe(1);
    await service.http.append('guard', { events: [EVENT, EVENT], if_version: 1 });
    await service.http.compact('guard', { from_seq: 1, to_seq: 2, replacement: [EVENT] });
    const before = { record: (await service.http.get('guard')).body, log: await logOf('guard') };
    for (const stale of [0, 1, 3, 5, Number.MAX_SAFE_INTEGER]) {
      for (const body of [{ event: EVENT }, { events: [EVENT, EVENT] }]) {
        expectConflict(
          await service.http.append('guard', { ...body, if_version: stale }),
          'version_mismatch',
          { expected: stale, actual: 4 },
        );
      }
    }
    expect({ record: (await service.http.get('guard')).body, log: await logOf('guard') }).toEqual(before);
    expect((await service.http.append('guard', { event: EVENT, if_version: 4 })).body).toMatchObject({
      seq: 4,
      version: 5,
    });
  });

  it('still matches after PUT and PATCH, which do not change the version', async () => {
    await service.http.put('guard-put');
    await service.http.say('guard-put', 'a');
    await service.http.put('guard-put', { token_budget: 7, metadata: { a: 1 } });
    await service.http.patch('guard-put', { b: 1 });
    expect((await service.http.append('guard-put', { event: EVENT, if_version: 1 })).status).toBe(201);
  });

  it('is ignored when it is null', async () => {
    await service.http.put('guard-null');
    for (const seq of [1, 2]) {
      expect((await service.http.append('guard-null', { event: EVENT, if_version: null })).body.seq).toBe(
        seq,
      );
    }
  });

  it.each([-1, 0.5, '0', true, [], {}, 2 ** 53, 1e30])('is rejected with 400 when it is %j', (version) =>
    expectRejectedAppend(service.http, { event: EVENT, if_version: version }, ['if_version']),
  );

  it('accepts every JSON spelling of an integer', async () => {
    await service.http.put('guard-spelt');
    for (const number of ['0', '1.0', '0.2e1', '3E0']) {
      const response = await service.http.append(
        'guard-spelt',
        `{"event":{"role":"user","content":"a"},"if_version":${number}}`,
      );
      expect(response.status).toBe(201);
    }
  });
});

describe('an append to a conversation that does not exist', () => {
  it('returns 404 for any if_version and idempotency key, and creates no conversation', async () => {
    for (const extra of [{}, { if_version: 0 }, { if_version: 3 }, { idempotency_key: 'k' }]) {
      expectError(await service.http.append('absent', { event: EVENT, ...extra }), 404);
      expectError(await service.http.append('absent', { events: [EVENT], ...extra }), 404);
    }
    expectError(await service.http.get('absent'), 404);
  });

  it('returns 400 when the event is invalid', async () => {
    expectError(await service.http.append('absent', { event: { role: 'x' } }), 400);
  });
});

describe('a completed append', () => {
  it('is visible in every read on every node', async () => {
    const other = await TestService.start({ database: service.database });
    try {
      await service.http.put('read-writes', { token_budget: 1_000_000 });
      for (let seq = 1; seq <= 30; seq += 1) {
        const [writer, reader] = seq % 2 ? [service, other] : [other, service];
        expect((await writer.http.say('read-writes', `message ${seq}`)).body.seq).toBe(seq);
        const [record, events, window] = await Promise.all([
          reader.http.get('read-writes'),
          reader.http.events('read-writes', '?from_seq=-1'),
          reader.http.window('read-writes'),
        ]);
        expect(record.body).toMatchObject({ version: seq, last_seq: seq });
        expect(events.body.events.map((event: any) => event.seq)).toEqual([seq]);
        expect(window.body.messages.at(-1)).toMatchObject({ seq, parts: [{ text: `message ${seq}` }] });
      }
    } finally {
      await other.stop();
    }
  });
});
