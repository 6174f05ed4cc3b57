import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { expectError } from '../support/error-shape.js';
import type { Answer } from '../support/http-client.js';
import { jsonField, jsonItems } from '../support/json-fields.js';
import { TestService } from '../support/test-service.js';

const EVENT = { role: 'user', parts: [{ type: 'text', text: 'hello' }] };
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

let service: TestService;
beforeAll(async () => (service = await TestService.start()));
afterAll(() => service.stop());

const paths = (answer: Answer) => answer.body.details.map(({ path }: { path: string }) => path).sort();
const logOf = async (id: string) => (await service.http.events(id)).body.events;

/** The text of one event of the log, as the service gives it back. */
async function eventText(id: string, seq: number): Promise<string> {
  const { text } = await service.http.events(id, `?from_seq=${seq}&to_seq=${seq}`);
  return jsonItems(jsonField(text, 'events')!)[0]!;
}

function expectConflict(answer: Answer, reason: string, numbers: object = {}): void {
  expectError(answer, 409);
  const { expected, actual } = answer.body;
  expect({ reason: answer.body.reason, expected, actual }).toEqual({
    reason,
    expected: undefined,
    actual: undefined,
    ...numbers,
  });
}

let refusals = 0;

/** Asserts that a new conversation does not take this body and names what is wrong, and stays as it is. */
async function expectRefused(
  body: unknown,
  named: string[],
  headers?: Record<string, string>,
): Promise<void> {
  const id = `refused-${(refusals += 1)}`;
  await service.http.put(id);
  const answer = await service.http.append(id, body, headers);
  expectError(answer, 400);
  expect(paths(answer)).toEqual(named);
  expect((await service.http.get(id)).body).toMatchObject({ version: 0, last_seq: 0 });
}

describe('one event', () => {
  it('is answered 201 with its seq, its version and its estimate', async () => {
    await service.http.put('one');
    for (const seq of [1, 2, 3]) {
      const answer = await service.http.append('one', { event: EVENT });
      expect(answer.status).toBe(201);
      // 3 + user + hello
      expect(answer.body).toEqual({ seq, version: seq, token_estimate: 5 });
    }
    await service.http.compact('one', { from_seq: 1, to_seq: 2, replacement: [EVENT] });
    expect((await service.http.append('one', { event: EVENT })).body).toEqual({
      seq: 4,
      version: 5,
      token_estimate: 5,
    });
  });

  it('comes back with what the server owns', async () => {
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

  it.each(['system', 'developer', 'user', 'assistant', 'tool'])('may have the role %s', async (role) => {
    const id = `role-${role}`;
    await service.http.put(id);
    expect((await service.http.append(id, { event: { ...EVENT, role } })).status).toBe(201);
    expect((await logOf(id))[0].role).toBe(role);
  });

  it.each(['', 'User', 'user ', 'robot', 'toString', null, undefined, 7, ['user'], {}])(
    'is refused with the role %j',
    (role) => expectRefused({ event: { ...EVENT, role } }, ['event.role']),
  );

  it.each([
    ['no parts and no content', {}, 'event.parts'],
    ['null parts', { parts: null }, 'event.parts'],
    ['no part in the list', { parts: [] }, 'event.parts'],
    ['parts as an object', { parts: { type: 'text' } }, 'event.parts'],
    ['parts as a string', { parts: 'hello' }, 'event.parts'],
    ['a part that is a string', { parts: ['hello'] }, 'event.parts[0]'],
    ['a part that is null', { parts: [{ type: 'a' }, null] }, 'event.parts[1]'],
    ['a part that is a list', { parts: [[]] }, 'event.parts[0]'],
    ['a part without a type', { parts: [{ type: 'a' }, { text: 'x' }] }, 'event.parts[1].type'],
    ['a part of a null type', { parts: [{ type: null }] }, 'event.parts[0].type'],
    ['a part of a numeric type', { parts: [{ type: 7 }] }, 'event.parts[0].type'],
    ['content and parts', { content: 'a', parts: EVENT.parts }, 'event.content'],
    ['empty content and parts', { content: '', parts: EVENT.parts }, 'event.content'],
    ['content and no part in the list', { content: 'a', parts: [] }, 'event.content'],
    ['content as a number', { content: 7 }, 'event.content'],
    ['content as a list of parts', { content: EVENT.parts }, 'event.content'],
    ['metadata as a list', { ...EVENT, metadata: [] }, 'event.metadata'],
    ['metadata as a string', { ...EVENT, metadata: 'x' }, 'event.metadata'],
    ['an id that is a number', { ...EVENT, id: 7 }, 'event.id'],
    ['a token_count below 0', { ...EVENT, token_count: -1 }, 'event.token_count'],
    ['a token_count that is a fraction', { ...EVENT, token_count: 1.5 }, 'event.token_count'],
    ['a token_count that is a string', { ...EVENT, token_count: '5' }, 'event.token_count'],
    ['a token_count over all bounds', { ...EVENT, token_count: 1e300 }, 'event.token_count'],
  ])('is refused with %s', (_, event, named) =>
    expectRefused({ event: { role: 'user', ...event } }, [named]),
  );

  it.each([null, 'hello', 7, [], [EVENT], true])('is refused when it is no object: %j', async (event) => {
    await expectRefused({ event }, ['event']);
  });

  it('may have parts of any shape and any type', async () => {
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

  it('may have content instead of parts, which is one text part', async () => {
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

  it('may have null for what it could leave out', async () => {
    await service.http.put('nulls');
    const event = { ...EVENT, id: null, metadata: null, token_count: null };
    const answer = await service.http.append('nulls', { event });
    expect(answer.body).toEqual({ seq: 1, version: 1, token_estimate: 5 });
    expect((await logOf('nulls'))[0]).toMatchObject(event);
  });

  it("has the caller's own count as its estimate", async () => {
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
      const answer = await service.http.append('counts', { event });
      expect(answer.body.token_estimate).toBe(count);
      expect((await logOf('counts')).at(-1)).toMatchObject({ token_count: count, token_estimate: count });
    }
    // Their sum is past what the estimate of one event may be.
    const turn = Array.from({ length: 3 }, () => ({ ...EVENT, token_count: 2_147_483_647 }));
    expect((await service.http.append('counts', { events: turn })).status).toBe(201);
    const [row] = await service.database.query(
      `SELECT tokens_total::text AS total FROM fastpaca.conversations WHERE id = 'counts'`,
    );
    expect(row.total).toBe(String(4 * 2_147_483_647 + 777_778));
  });

  it('does not get from its sender what the server owns', async () => {
    await service.http.put('owned');
    const body =
      '{"event":{"seq":99,"a":1.0,"version":98,"role":"user","token_estimate":97,' +
      '"inserted_at":"1999-01-01T00:00:00.000Z","parts":[{"type":"text","text":"hello","seq":96}],' +
      '"\\u0073eq":95,"metadata":{"version":94}}}';
    const answer = await service.http.append('owned', body);
    expect(answer.body).toEqual({ seq: 1, version: 1, token_estimate: 5 });
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

describe('a turn', () => {
  it('of 1 and of 100 events goes in whole, in its order, with consecutive seqs', async () => {
    await service.http.put('turns');
    await service.http.append('turns', { event: EVENT });
    let next = 2;
    for (const size of [1, 2, 99, 100]) {
      const events = Array.from({ length: size }, (_, index) => ({ ...EVENT, index }));
      const answer = await service.http.append('turns', { events });
      expect(answer.status).toBe(201);
      expect(answer.body).toEqual({
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
    ['no event', [], ['events']],
    ['101 events', Array.from({ length: 101 }, () => EVENT), ['events']],
    ['an object', { 0: EVENT }, ['events']],
    ['a string', 'hello', ['events']],
    ['a null among good ones', [EVENT, null, EVENT], ['events[1]']],
    ['a bad role among good ones', [EVENT, EVENT, { ...EVENT, role: 'x' }], ['events[2].role']],
    [
      'a part without a type among good ones',
      [EVENT, { role: 'user', parts: [{}] }],
      ['events[1].parts[0].type'],
    ],
    [
      'a bad last one of 100',
      [...Array.from({ length: 99 }, () => EVENT), {}],
      ['events[99].parts', 'events[99].role'],
    ],
  ] as [string, unknown, string[]][])('is refused whole with %s', (_, events, named) =>
    expectRefused({ events }, named),
  );

  it('beside a single event, or neither of them, is refused', async () => {
    await expectRefused({ event: EVENT, events: [EVENT] }, ['events']);
    await expectRefused({}, ['event']);
    await expectRefused({ event: null, events: null }, ['event']);
    await expectRefused({ idempotency_key: 'k' }, ['event']);
  });

  it('gives its events one time and their own estimates', async () => {
    await service.http.put('turn-estimates');
    const answer = await service.http.append('turn-estimates', {
      events: [EVENT, { ...EVENT, token_count: 70 }, { role: 'user', content: 'hello hello hello' }],
    });
    const estimates = answer.body.events.map((event: any) => event.token_estimate);
    expect(estimates).toEqual([5, 70, 7]);
    const log = await logOf('turn-estimates');
    expect(log.map((event: any) => event.token_estimate)).toEqual(estimates);
    expect(new Set(log.map((event: any) => event.inserted_at)).size).toBe(1);
  });
});

describe('an idempotency key', () => {
  /** The same JSON value, spelt in other ways. */
  const SPELLINGS = [
    '{"event":{"role":"user","parts":[{"type":"text","text":"a/é😀"}],"metadata":{"n":1,"big":100,"e":{},"o":{"x":1,"y":2}}},"idempotency_key":"k"}',
    '{"idempotency_key":"k","event":{"metadata":{"o":{"y":2,"x":1},"e":{},"big":1e2,"n":1.0},"parts":[{"text":"a/é😀","type":"text"}],"role":"user"}}',
    ' {"event" : {\n"role":\t"user","parts":[ {"type":"text","text":"a\\/\\u00e9\\ud83d\\ude00"} ],"metadata":{"n":10e-1,"big":1E+2,"e":{ },"o":{"x":1.000,"y":2}} },"idempotency_key":"\\u006b"}\r\n',
    '{"event":{"ro\\u006ce":"user","parts":[{"type":"text","text":"a/é😀"}],"metadata":{"n":7,"n":1,"big":100.0,"e":{},"o":{"x":1,"y":2}}},"idempotency_key":"k"}',
    '{"event":{"seq":7,"role":"user","parts":[{"type":"text","text":"a/é😀"}],"metadata":{"n":1,"big":100,"e":{},"o":{"x":1,"y":2}},"inserted_at":"x","token_estimate":1,"version":1},"idempotency_key":"k"}',
  ];

  it('answers the same content as the first time, however it is spelt, and writes nothing', async () => {
    for (const first of SPELLINGS) {
      const id = `same-${SPELLINGS.indexOf(first)}`;
      await service.http.put(id);
      const original = await service.http.append(id, first);
      expect(original.status).toBe(201);
      await service.http.say(id, 'another');
      const before = { record: (await service.http.get(id)).body, log: (await service.http.events(id)).text };
      for (const again of SPELLINGS) {
        const answer = await service.http.append(id, again);
        expect(answer.status).toBe(201);
        expect(answer.body).toEqual({ ...original.body, deduped: true });
      }
      expect((await service.http.get(id)).body).toEqual(before.record);
      expect((await service.http.events(id)).text).toBe(before.log);
    }
  });

  it('answers 409 idempotency_conflict to other content', async () => {
    await service.http.put('other');
    const event = {
      role: 'user',
      parts: [{ type: 'text', text: 'a', n: 1 }, { type: 'b' }],
      metadata: { list: [1, 2] },
    };
    await service.http.append('other', { event, idempotency_key: 'k' });
    const others = [
      { ...event, role: 'assistant' },
      { ...event, parts: [event.parts[1], event.parts[0]] },
      { ...event, parts: [event.parts[0]] },
      { ...event, parts: [{ type: 'text', text: 'A', n: 1 }, { type: 'b' }] },
      { ...event, parts: [{ type: 'text', text: 'a', n: '1' }, { type: 'b' }] },
      {
        ...event,
        parts: [
          { type: 'text', text: 'a', n: 1 },
          { type: 'b', x: null },
        ],
      },
      { ...event, metadata: { list: [2, 1] } },
      { ...event, metadata: {} },
      { ...event, id: 'x' },
      { ...event, token_count: 5 },
      { role: 'user', parts: event.parts },
    ];
    for (const other of others) {
      expectConflict(
        await service.http.append('other', { event: other, idempotency_key: 'k' }),
        'idempotency_conflict',
      );
    }
    const spelt = (number: string) =>
      `{"event":{"role":"user","content":"a","n":${number}},"idempotency_key":"n"}`;
    await service.http.append('other', spelt('12345678901234567890'));
    expectConflict(await service.http.append('other', spelt('12345678901234567891')), 'idempotency_conflict');
    expect((await service.http.append('other', spelt('1234567890123456789e1'))).body.deduped).toBe(true);
    expect((await service.http.get('other')).body.version).toBe(2);
  });

  it('takes content and its one text part for the same', async () => {
    await service.http.put('shorthand');
    const long = { event: EVENT, idempotency_key: 'k' };
    const first = await service.http.append('shorthand', long);
    const again = await service.http.append('shorthand', {
      event: { role: 'user', content: 'hello' },
      idempotency_key: 'k',
    });
    expect(again.body).toEqual({ ...first.body, deduped: true });
  });

  it('is taken from the header as well, and both may be given if they agree', async () => {
    await service.http.put('header');
    const first = await service.http.append('header', { event: EVENT }, { 'idempotency-key': 'h-1' });
    expect(first.body).toEqual({ seq: 1, version: 1, token_estimate: 5 });
    for (const [body, headers] of [
      [{ event: EVENT }, { 'Idempotency-Key': 'h-1' }],
      [{ event: EVENT, idempotency_key: 'h-1' }, {}],
      [{ event: EVENT, idempotency_key: 'h-1' }, { 'idempotency-key': 'h-1' }],
      [{ event: EVENT, idempotency_key: null }, { 'idempotency-key': 'h-1' }],
    ] as [object, Record<string, string>][]) {
      expect((await service.http.append('header', body, headers)).body).toEqual({
        ...first.body,
        deduped: true,
      });
    }
    expectConflict(
      await service.http.append('header', { events: [EVENT, EVENT] }, { 'idempotency-key': 'h-1' }),
      'idempotency_conflict',
    );
  });

  it('is refused when header and body differ, or either is not 1 to 255 characters', async () => {
    for (const [key, header, named] of [
      ['a', 'b', 'idempotency_key'],
      ['a', 'A', 'idempotency_key'],
      ['', undefined, 'idempotency_key'],
      ['x'.repeat(256), undefined, 'idempotency_key'],
      ['😀'.repeat(256), undefined, 'idempotency_key'],
      ['a\u0000', undefined, 'idempotency_key'],
      ['\ud800', undefined, 'idempotency_key'],
      [7, undefined, 'idempotency_key'],
      [['a'], undefined, 'idempotency_key'],
      [undefined, 'x'.repeat(256), 'Idempotency-Key'],
      [undefined, '', 'Idempotency-Key'],
    ] as const) {
      const headers = header === undefined ? undefined : { 'idempotency-key': header };
      await expectRefused({ event: EVENT, idempotency_key: key }, [named], headers);
    }
  });

  it('may be anything of 1 to 255 characters, also in a conversation whose id is as long', async () => {
    const letters = Array.from({ length: 255 }, (_, index) => String.fromCodePoint(0x1f300 + index));
    const id = letters.join('');
    await service.http.put(id);
    const keys = [
      'k',
      'x'.repeat(255),
      letters.reverse().join(''),
      ' ',
      'a b',
      '"',
      'é',
      'e\u0301',
      '__proto__',
      'K',
    ];
    for (const [index, key] of keys.entries()) {
      const body = { event: { ...EVENT, index }, idempotency_key: key };
      const first = await service.http.append(id, body);
      expect(first.body).toEqual({ seq: index + 1, version: index + 1, token_estimate: 5 });
      expect((await service.http.append(id, body)).body).toEqual({ ...first.body, deduped: true });
    }
  });

  it('belongs to one conversation', async () => {
    for (const id of ['scope-a', 'scope-b']) {
      await service.http.put(id);
      const answer = await service.http.append(id, {
        event: { ...EVENT, id },
        idempotency_key: 'shared',
      });
      expect(answer.body).toEqual({ seq: 1, version: 1, token_estimate: 5 });
    }
  });

  it('covers a whole turn, whose every event must be the same', async () => {
    await service.http.put('turn-key');
    await service.http.say('turn-key', 'before');
    const events = [EVENT, { role: 'assistant', content: 'hi' }, { ...EVENT, token_count: 9 }];
    const first = await service.http.append('turn-key', { events, idempotency_key: 'turn' });
    await service.http.say('turn-key', 'after');
    await service.http.compact('turn-key', { from_seq: 1, to_seq: 4, replacement: [EVENT] });
    expect((await service.http.append('turn-key', { events, idempotency_key: 'turn' })).body).toEqual({
      ...first.body,
      deduped: true,
    });
    for (const other of [
      events.slice(0, 2),
      events.slice(0, 1),
      [...events, EVENT],
      [events[1], events[0], events[2]],
      [events[0], events[1], { ...EVENT, token_count: 8 }],
    ]) {
      expectConflict(
        await service.http.append('turn-key', { events: other, idempotency_key: 'turn' }),
        'idempotency_conflict',
      );
    }
    expect((await service.http.get('turn-key')).body).toMatchObject({ version: 6, last_seq: 5 });
  });

  it('covers a turn of 100 events of 80 KiB', async () => {
    await service.http.put('turn-large');
    const text = 'x'.repeat(80 * 1024);
    const events = Array.from({ length: 100 }, (_, index) => ({
      role: 'user',
      parts: [{ type: 'text', text, index }],
      token_count: index,
    }));
    const first = await service.http.append('turn-large', { events, idempotency_key: 'turn' });
    expect(first.status).toBe(201);
    expect((await service.http.append('turn-large', { events, idempotency_key: 'turn' })).body).toEqual({
      ...first.body,
      deduped: true,
    });
  });

  it('is looked at before the tombstone and before if_version', async () => {
    await service.http.put('order');
    const body = { event: EVENT, idempotency_key: 'k', if_version: 0 };
    const first = await service.http.append('order', body);
    expect(first.body).toEqual({ seq: 1, version: 1, token_estimate: 5 });
    await service.http.say('order', 'another');
    expect((await service.http.append('order', body)).body).toEqual({ ...first.body, deduped: true });
    expect((await service.http.append('order', { ...body, if_version: 999 })).body.deduped).toBe(true);
    expectConflict(
      await service.http.append('order', { ...body, event: { ...EVENT, id: 'x' } }),
      'idempotency_conflict',
    );
    await service.http.delete('order');
    expect((await service.http.append('order', body)).body).toEqual({ ...first.body, deduped: true });
    expectConflict(
      await service.http.append('order', { ...body, event: { ...EVENT, id: 'x' } }),
      'idempotency_conflict',
    );
    // A key not used before meets the tombstone, and that before the guard.
    expectConflict(
      await service.http.append('order', { ...body, idempotency_key: 'new', if_version: 999 }),
      'tombstoned',
    );
    expect((await service.http.get('order')).body.version).toBe(2);
  });

  it('is not used up by an append that failed', async () => {
    await service.http.put('failed');
    expectConflict(
      await service.http.append('failed', { event: EVENT, idempotency_key: 'k', if_version: 5 }),
      'version_mismatch',
      { expected: 5, actual: 0 },
    );
    expectError(await service.http.append('failed', { event: { role: 'user' }, idempotency_key: 'k' }), 400);
    expectError(await service.http.append('failed-absent', { event: EVENT, idempotency_key: 'k' }), 404);
    await service.http.put('failed-absent');
    for (const id of ['failed', 'failed-absent']) {
      expect(
        (await service.http.append(id, { event: EVENT, idempotency_key: 'k', if_version: 0 })).body,
      ).toEqual({ seq: 1, version: 1, token_estimate: 5 });
    }
  });
});

describe('if_version', () => {
  it('lets an append through at the current version alone, and says which it is', async () => {
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

  it('is not moved by PUT and PATCH', async () => {
    await service.http.put('guard-put');
    await service.http.say('guard-put', 'a');
    await service.http.put('guard-put', { token_budget: 7, metadata: { a: 1 } });
    await service.http.patch('guard-put', { b: 1 });
    expect((await service.http.append('guard-put', { event: EVENT, if_version: 1 })).status).toBe(201);
  });

  it('is no guard when it is null', async () => {
    await service.http.put('guard-null');
    for (const seq of [1, 2]) {
      expect((await service.http.append('guard-null', { event: EVENT, if_version: null })).body.seq).toBe(
        seq,
      );
    }
  });

  it.each([-1, 0.5, '0', true, [], {}, 2 ** 53, 1e30])('is refused by name: %j', (version) =>
    expectRefused({ event: EVENT, if_version: version }, ['if_version']),
  );

  it('may be spelt as JSON spells a number', async () => {
    await service.http.put('guard-spelt');
    for (const spelt of ['0', '1.0', '0.2e1', '3E0']) {
      const answer = await service.http.append(
        'guard-spelt',
        `{"event":{"role":"user","content":"a"},"if_version":${spelt}}`,
      );
      expect(answer.status).toBe(201);
    }
  });
});

describe('an append to a conversation that is not there', () => {
  it('is answered 404, whatever its guard and its key, and makes none', async () => {
    for (const extra of [{}, { if_version: 0 }, { if_version: 3 }, { idempotency_key: 'k' }]) {
      expectError(await service.http.append('absent', { event: EVENT, ...extra }), 404);
      expectError(await service.http.append('absent', { events: [EVENT], ...extra }), 404);
    }
    expectError(await service.http.get('absent'), 404);
  });

  it('is answered 400 when it is a bad one', async () => {
    expectError(await service.http.append('absent', { event: { role: 'x' } }), 400);
  });
});

describe('an answered append', () => {
  it('is in every read of every node', async () => {
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
