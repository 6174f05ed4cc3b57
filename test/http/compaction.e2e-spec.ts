import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createConversation, live, summary, timelineOf } from '../support/compacted-conversation.js';
import { TestService } from '../support/test-service.js';

const SUMMARY = summary('so far');

let service: TestService;
beforeAll(async () => (service = await TestService.start()));
afterAll(() => service.stop());

const compact = (id: string, from: number, to: number, extra: object = {}) =>
  service.http.compact(id, { from_seq: from, to_seq: to, replacement: [SUMMARY], ...extra });

const segments = async (id: string) =>
  (await service.http.window(id)).body.segments.map((s: any) => `${s.type} ${s.from_seq}-${s.to_seq}`);

describe('POST /v1/conversations/:id/compact', () => {
  it('returns 200 with the new version and shows the replacement in the window', async () => {
    await createConversation(service.http, 'basic', 5);
    const response = await compact('basic', 1, 3);
    expect({ status: response.status, body: response.body }).toEqual({
      status: 200,
      body: { version: 6, from_seq: 1, to_seq: 3 },
    });
    expect(await timelineOf(service.http, 'basic')).toEqual(['1-3:so far', '4:m4', '5:m5']);
    expect(await segments('basic')).toEqual(['summary 1-3', 'live 4-5']);
    expect((await service.http.get('basic')).body).toMatchObject({ version: 6, last_seq: 5 });
  });

  it('leaves the log unchanged', async () => {
    await createConversation(service.http, 'log', 6);
    const before = (await service.http.events('log')).text;
    for (const [from, to] of [
      [2, 3],
      [1, 4],
      [6, 6],
      [1, 6],
    ] as const) {
      expect((await compact('log', from, to)).status).toBe(200);
      expect((await service.http.events('log')).text).toBe(before);
    }
  });

  it('increases the version by one: version = last_seq + number of compactions', async () => {
    await createConversation(service.http, 'arithmetic', 4);
    let compactions = 0;
    for (let seq = 5; seq <= 8; seq += 1) {
      expect((await compact('arithmetic', 1, seq - 1)).body.version).toBe(seq - 1 + (compactions += 1));
      expect((await service.http.say('arithmetic', `m${seq}`)).body).toMatchObject({
        seq,
        version: seq + compactions,
      });
      const { version, last_seq: lastSeq } = (await service.http.get('arithmetic')).body;
      expect(version - lastSeq).toBe(compactions);
    }
  });

  it.each([
    ['one event', [[3, 3]], ['1:m1', '2:m2', '3-3:c0', ...live(4, 10)]],
    ['the first events', [[1, 2]], ['1-2:c0', ...live(3, 10)]],
    ['events in the middle', [[4, 6]], [...live(1, 3), '4-6:c0', ...live(7, 10)]],
    ['the last events', [[9, 10]], [...live(1, 8), '9-10:c0']],
    ['the whole log', [[1, 10]], ['1-10:c0']],
    [
      'events before an active compaction',
      [
        [5, 6],
        [1, 4],
      ],
      ['1-4:c1', '5-6:c0', ...live(7, 10)],
    ],
    [
      'events after an active compaction',
      [
        [1, 2],
        [3, 4],
      ],
      ['1-2:c0', '3-4:c1', ...live(5, 10)],
    ],
    [
      'events between two active compactions',
      [
        [1, 2],
        [5, 6],
        [3, 4],
      ],
      ['1-2:c0', '3-4:c2', '5-6:c1', ...live(7, 10)],
    ],
    [
      'the same range as an active compaction',
      [
        [3, 5],
        [3, 5],
      ],
      ['1:m1', '2:m2', '3-5:c1', ...live(6, 10)],
    ],
    [
      'an active compaction and events on both sides',
      [
        [4, 5],
        [3, 6],
      ],
      ['1:m1', '2:m2', '3-6:c1', ...live(7, 10)],
    ],
    [
      'an active compaction and the events after it',
      [
        [3, 4],
        [3, 6],
      ],
      ['1:m1', '2:m2', '3-6:c1', ...live(7, 10)],
    ],
    [
      'an active compaction and the events before it',
      [
        [5, 6],
        [3, 6],
      ],
      ['1:m1', '2:m2', '3-6:c1', ...live(7, 10)],
    ],
    [
      'two adjacent compactions',
      [
        [1, 2],
        [3, 4],
        [1, 4],
      ],
      ['1-4:c2', ...live(5, 10)],
    ],
    [
      'several compactions',
      [
        [2, 2],
        [4, 5],
        [7, 9],
        [1, 9],
      ],
      ['1-9:c3', '10:m10'],
    ],
    [
      'one of two active compactions',
      [
        [2, 3],
        [6, 7],
        [1, 5],
      ],
      ['1-5:c2', '6-7:c1', ...live(8, 10)],
    ],
    [
      'a compaction that has replaced others',
      [
        [2, 2],
        [1, 4],
        [1, 6],
      ],
      ['1-6:c2', ...live(7, 10)],
    ],
  ] as [string, [number, number][], string[]][])(
    'accepts a range that covers %s',
    async (name, ranges, expected) => {
      const id = `legal ${name}`;
      await createConversation(service.http, id, 10);
      for (const [index, [from, to]] of ranges.entries()) {
        const response = await compact(id, from, to, { replacement: [summary(`c${index}`)] });
        expect({ status: response.status, body: response.body }).toEqual({
          status: 200,
          body: { version: 11 + index, from_seq: from, to_seq: to },
        });
      }
      expect(await timelineOf(service.http, id)).toEqual(expected);
      // Events that are appended later follow in the window.
      await service.http.say(id, 'm11');
      expect(await timelineOf(service.http, id)).toEqual([...expected, '11:m11']);
    },
  );

  it('keeps adjacent summaries as separate segments', async () => {
    await createConversation(service.http, 'adjacent', 6);
    await compact('adjacent', 1, 2);
    await compact('adjacent', 3, 5);
    expect(await segments('adjacent')).toEqual(['summary 1-2', 'summary 3-5', 'live 6-6']);
  });

  it('accepts a range that overlaps a compaction that is no longer active', async () => {
    await createConversation(service.http, 'replaced', 10);
    await compact('replaced', 2, 5);
    await compact('replaced', 1, 5, { replacement: [summary('wide')] });
    expect((await compact('replaced', 3, 8)).body.reason).toBe('range_overlap');
    expect((await compact('replaced', 6, 8, { replacement: [summary('next')] })).status).toBe(200);
    expect(await timelineOf(service.http, 'replaced')).toEqual(['1-5:wide', '6-8:next', '9:m9', '10:m10']);
  });

  it('accepts a range of events that the policy has trimmed', async () => {
    await createConversation(service.http, 'trimmed', 10, { strategy: 'last_n', config: { limit: 3 } });
    expect(await timelineOf(service.http, 'trimmed')).toEqual(live(8, 10));
    expect((await compact('trimmed', 1, 4)).status).toBe(200);
    expect(await timelineOf(service.http, 'trimmed')).toEqual(['1-4:so far', ...live(8, 10)]);
    expect((await compact('trimmed', 9, 9)).status).toBe(200);
    expect(await timelineOf(service.http, 'trimmed')).toEqual([
      '1-4:so far',
      '7:m7',
      '8:m8',
      '9-9:so far',
      '10:m10',
    ]);
  });

  it('stores several replacement messages, each with the fields of an event', async () => {
    await createConversation(service.http, 'several', 5);
    const replacement = [
      { role: 'user', content: 'short' },
      {
        role: 'assistant',
        parts: [{ type: 'tool_call', input: { a: 1 } }],
        id: 'x',
        metadata: { m: 1 },
        own: 7,
      },
      { ...SUMMARY, token_count: 50, seq: 99, inserted_at: 'x' },
    ];
    await compact('several', 2, 4, { replacement });
    const { body } = await service.http.window('several');
    const range = { seq: 2, from_seq: 2, to_seq: 4, inserted_at: expect.stringMatching(/Z$/) };
    expect(body.messages.slice(1, 4)).toEqual([
      { ...range, role: 'user', parts: [{ type: 'text', text: 'short' }] },
      { ...range, role: 'assistant', parts: replacement[1]!.parts, id: 'x', metadata: { m: 1 }, own: 7 },
      { ...range, ...SUMMARY, token_count: 50 },
    ]);
    expect(body.segments).toEqual([
      { type: 'live', from_seq: 1, to_seq: 1 },
      { type: 'summary', from_seq: 2, to_seq: 4 },
      { type: 'live', from_seq: 5, to_seq: 5 },
    ]);
    const [row] = await service.database.query(
      `SELECT token_estimate::int AS total, message_tokens AS each FROM fastpaca.compactions WHERE conversation_id = 'several'`,
    );
    expect(row.each).toHaveLength(3);
    expect(row.each[2]).toBe(50);
    expect(row.total).toBe(row.each.reduce((sum: number, tokens: number) => sum + tokens, 0));
  });

  it('accepts more replacement messages than a turn may have events', async () => {
    await createConversation(service.http, 'many', 3);
    const replacement = Array.from({ length: 250 }, (_, index) => summary(`r${index}`));
    expect((await compact('many', 1, 2, { replacement })).status).toBe(200);
    expect(await timelineOf(service.http, 'many')).toEqual([
      ...replacement.map((_, index) => `1-2:r${index}`),
      '3:m3',
    ]);
  });

  it('leaves events that are appended later live', async () => {
    await createConversation(service.http, 'later', 3);
    await compact('later', 1, 3);
    for (const seq of [4, 5]) await service.http.say('later', `m${seq}`);
    expect(await timelineOf(service.http, 'later')).toEqual(['1-3:so far', '4:m4', '5:m5']);
    expect((await service.http.events('later')).body.events).toHaveLength(5);
  });
});
