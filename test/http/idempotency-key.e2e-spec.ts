import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { expectConflict, expectError } from '../support/error-shape.js';
import { expectRejectedAppend } from '../support/rejected-append.js';
import { TestService } from '../support/test-service.js';

const EVENT = { role: 'user', parts: [{ type: 'text', text: 'hello' }] };

let service: TestService;
beforeAll(async () => (service = await TestService.start()));
afterAll(() => service.stop());

describe('an idempotency key', () => {
  /** Different JSON texts of the same request. */
  const SPELLINGS = [
    '{"event":{"role":"user","parts":[{"type":"text","text":"a/é😀"}],"metadata":{"n":1,"big":100,"e":{},"o":{"x":1,"y":2}}},"idempotency_key":"k"}',
    '{"idempotency_key":"k","event":{"metadata":{"o":{"y":2,"x":1},"e":{},"big":1e2,"n":1.0},"parts":[{"text":"a/é😀","type":"text"}],"role":"user"}}',
    ' {"event" : {\n"role":\t"user","parts":[ {"type":"text","text":"a\\/\\u00e9\\ud83d\\ude00"} ],"metadata":{"n":10e-1,"big":1E+2,"e":{ },"o":{"x":1.000,"y":2}} },"idempotency_key":"\\u006b"}\r\n',
    '{"event":{"ro\\u006ce":"user","parts":[{"type":"text","text":"a/é😀"}],"metadata":{"n":7,"n":1,"big":100.0,"e":{},"o":{"x":1,"y":2}}},"idempotency_key":"k"}',
    '{"event":{"seq":7,"role":"user","parts":[{"type":"text","text":"a/é😀"}],"metadata":{"n":1,"big":100,"e":{},"o":{"x":1,"y":2}},"inserted_at":"x","token_estimate":1,"version":1},"idempotency_key":"k"}',
  ];

  it('returns the first result for equal content in any JSON spelling, and writes nothing', async () => {
    for (const first of SPELLINGS) {
      const id = `same-${SPELLINGS.indexOf(first)}`;
      await service.http.put(id);
      const original = await service.http.append(id, first);
      expect(original.status).toBe(201);
      await service.http.say(id, 'another');
      const before = { record: (await service.http.get(id)).body, log: (await service.http.events(id)).text };
      for (const repeated of SPELLINGS) {
        const response = await service.http.append(id, repeated);
        expect(response.status).toBe(201);
        expect(response.body).toEqual({ ...original.body, deduped: true });
      }
      expect((await service.http.get(id)).body).toEqual(before.record);
      expect((await service.http.events(id)).text).toBe(before.log);
    }
  });

  it('rejects different content with 409 idempotency_conflict', async () => {
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
    const withNumber = (number: string) =>
      `{"event":{"role":"user","content":"a","n":${number}},"idempotency_key":"n"}`;
    await service.http.append('other', withNumber('12345678901234567890'));
    expectConflict(
      await service.http.append('other', withNumber('12345678901234567891')),
      'idempotency_conflict',
    );
    expect((await service.http.append('other', withNumber('1234567890123456789e1'))).body.deduped).toBe(true);
    expect((await service.http.get('other')).body.version).toBe(2);
  });

  it.each([
    ['a text', [{ parts: EVENT.parts }, { content: 'hello' }, { content: EVENT.parts }]],
    [
      'a message that has only tool calls',
      [{ content: null }, {}, { parts: [] }, { content: [] }, { parts: null, content: null }].map((form) => ({
        ...form,
        tool_calls: [{ id: 'call_1' }],
      })),
    ],
  ])('treats all forms of the same parts as equal: %s', async (name, forms) => {
    const id = `forms of ${name}`;
    await service.http.put(id);
    const append = (form: object) =>
      service.http.append(id, { event: { role: 'assistant', ...form }, idempotency_key: 'k' });
    const first = await append(forms[0]!);
    expect(first.status).toBe(201);
    for (const form of forms) expect((await append(form)).body).toEqual({ ...first.body, deduped: true });
  });

  it('is accepted in the header, in the body, or in both if they are equal', async () => {
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

  it('is rejected when header and body differ, or when it is invalid', async () => {
    for (const [key, header, path] of [
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
      await expectRejectedAppend(service.http, { event: EVENT, idempotency_key: key }, [path], headers);
    }
  });

  it('may be any text of 1 to 255 characters, also with a conversation id of 255 characters', async () => {
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

  it('is scoped to its conversation', async () => {
    for (const id of ['scope-a', 'scope-b']) {
      await service.http.put(id);
      const response = await service.http.append(id, {
        event: { ...EVENT, id },
        idempotency_key: 'shared',
      });
      expect(response.body).toEqual({ seq: 1, version: 1, token_estimate: 5 });
    }
  });

  it('compares every event of a turn', async () => {
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

  it('deduplicates a turn of 100 events of 80 KiB', async () => {
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

  it('is checked before the tombstone and before if_version', async () => {
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
    // With an unused key, the tombstone is checked before if_version.
    expectConflict(
      await service.http.append('order', { ...body, idempotency_key: 'new', if_version: 999 }),
      'tombstoned',
    );
    expect((await service.http.get('order')).body.version).toBe(2);
  });

  it('can be used again after a failed append', async () => {
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
