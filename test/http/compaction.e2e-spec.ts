import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { expectError } from '../support/error-shape.js';
import type { Answer } from '../support/http-client.js';
import { TestService } from '../support/test-service.js';

const summary = (text: string) => ({ role: 'system', parts: [{ type: 'text', text }] });
const SUMMARY = summary('so far');

let service: TestService;
beforeAll(async () => (service = await TestService.start()));
afterAll(() => service.stop());

const compact = (id: string, from: number, to: number, extra: object = {}) =>
  service.http.compact(id, { from_seq: from, to_seq: to, replacement: [SUMMARY], ...extra });

/** A conversation that shows everything, with `count` events `m1`, `m2` … */
async function conversation(
  id: string,
  count: number,
  policy: object = { strategy: 'budget' },
): Promise<void> {
  await service.http.put(id, { token_budget: 1_000_000, policy });
  const events = Array.from({ length: count }, (_, index) => ({ role: 'user', content: `m${index + 1}` }));
  if (count) expect((await service.http.append(id, { events })).status).toBe(201);
}

/** What the model sees: `from-to:text` of each summary message, and the text of each live one. */
async function timeline(id: string): Promise<string[]> {
  const { body } = await service.http.window(id);
  return body.messages.map((message: any) =>
    message.from_seq === undefined
      ? `${message.seq}:${message.parts[0].text}`
      : `${message.from_seq}-${message.to_seq}:${message.parts[0].text}`,
  );
}

const segments = async (id: string) =>
  (await service.http.window(id)).body.segments.map((s: any) => `${s.type} ${s.from_seq}-${s.to_seq}`);

/** Everything of a conversation that a refused request must leave alone. */
async function everything(id: string): Promise<object> {
  return {
    record: (await service.http.get(id)).body,
    events: (await service.http.events(id)).text,
    window: (await service.http.window(id)).text,
    rows: await service.database.query(
      'SELECT * FROM fastpaca.compactions WHERE conversation_id = $1 ORDER BY version',
      [id],
    ),
  };
}

const paths = (answer: Answer) => answer.body.details.map(({ path }: { path: string }) => path).sort();

describe('POST /v1/conversations/:id/compact', () => {
  it('answers 200 with the version it gave, and the model sees the replacement', async () => {
    await conversation('basic', 5);
    const answer = await compact('basic', 1, 3);
    expect({ status: answer.status, body: answer.body }).toEqual({ status: 200, body: { version: 6 } });
    expect(await timeline('basic')).toEqual(['1-3:so far', '4:m4', '5:m5']);
    expect(await segments('basic')).toEqual(['summary 1-3', 'live 4-5']);
    expect((await service.http.get('basic')).body).toMatchObject({ version: 6, last_seq: 5 });
  });

  it('leaves the log untouched', async () => {
    await conversation('log', 6);
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

  it('moves the version by one each time, so that it is last_seq plus the compactions', async () => {
    await conversation('arithmetic', 4);
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
    ['one seq', [[3, 3]], ['1:m1', '2:m2', '3-3:c0', ...live(4, 10)]],
    ['the start', [[1, 2]], ['1-2:c0', ...live(3, 10)]],
    ['the middle', [[4, 6]], [...live(1, 3), '4-6:c0', ...live(7, 10)]],
    ['the end', [[9, 10]], [...live(1, 8), '9-10:c0']],
    ['the whole log', [[1, 10]], ['1-10:c0']],
    [
      'what lies before an active one',
      [
        [5, 6],
        [1, 4],
      ],
      ['1-4:c1', '5-6:c0', ...live(7, 10)],
    ],
    [
      'what lies behind an active one',
      [
        [1, 2],
        [3, 4],
      ],
      ['1-2:c0', '3-4:c1', ...live(5, 10)],
    ],
    [
      'what lies between two',
      [
        [1, 2],
        [5, 6],
        [3, 4],
      ],
      ['1-2:c0', '3-4:c2', '5-6:c1', ...live(7, 10)],
    ],
    [
      'the very same range again',
      [
        [3, 5],
        [3, 5],
      ],
      ['1:m1', '2:m2', '3-5:c1', ...live(6, 10)],
    ],
    [
      'a range that contains one',
      [
        [4, 5],
        [3, 6],
      ],
      ['1:m1', '2:m2', '3-6:c1', ...live(7, 10)],
    ],
    [
      'a range that begins with one',
      [
        [3, 4],
        [3, 6],
      ],
      ['1:m1', '2:m2', '3-6:c1', ...live(7, 10)],
    ],
    [
      'a range that ends with one',
      [
        [5, 6],
        [3, 6],
      ],
      ['1:m1', '2:m2', '3-6:c1', ...live(7, 10)],
    ],
    [
      'a range of two that adjoin',
      [
        [1, 2],
        [3, 4],
        [1, 4],
      ],
      ['1-4:c2', ...live(5, 10)],
    ],
    [
      'a range that contains several',
      [
        [2, 2],
        [4, 5],
        [7, 9],
        [1, 9],
      ],
      ['1-9:c3', '10:m10'],
    ],
    [
      'a range that contains one and leaves one out',
      [
        [2, 3],
        [6, 7],
        [1, 5],
      ],
      ['1-5:c2', '6-7:c1', ...live(8, 10)],
    ],
    [
      'what replaced others before',
      [
        [2, 2],
        [1, 4],
        [1, 6],
      ],
      ['1-6:c2', ...live(7, 10)],
    ],
  ] as [string, [number, number][], string[]][])('may be of %s', async (name, ranges, expected) => {
    const id = `legal ${name}`;
    await conversation(id, 10);
    for (const [index, [from, to]] of ranges.entries()) {
      const answer = await compact(id, from, to, { replacement: [summary(`c${index}`)] });
      expect({ status: answer.status, body: answer.body }).toEqual({
        status: 200,
        body: { version: 11 + index },
      });
    }
    expect(await timeline(id)).toEqual(expected);
    // What comes after is on top of it.
    await service.http.say(id, 'm11');
    expect(await timeline(id)).toEqual([...expected, '11:m11']);
  });

  it('keeps adjacent summaries apart', async () => {
    await conversation('adjacent', 6);
    await compact('adjacent', 1, 2);
    await compact('adjacent', 3, 5);
    expect(await segments('adjacent')).toEqual(['summary 1-2', 'summary 3-5', 'live 6-6']);
  });

  it.each([
    ['cuts off the left of an active one', 3, 4],
    ['cuts off the right of an active one', 6, 8],
    ['lies inside an active one', 5, 5],
    ['lies inside an active one from its start', 4, 5],
    ['lies inside an active one to its end', 5, 6],
    ['begins inside one and contains another', 6, 9],
    ['contains one and ends inside another', 1, 4],
    ['goes from inside one to inside another', 2, 5],
  ])('is refused with range_overlap when it %s', async (name, from, to) => {
    const id = `overlap ${name}`;
    await conversation(id, 10);
    await compact(id, 1, 2);
    await compact(id, 4, 6);
    await compact(id, 8, 9);
    const before = await everything(id);
    const answer = await compact(id, from, to);
    expectError(answer, 400);
    expect(answer.body.reason).toBe('range_overlap');
    expect(await everything(id)).toEqual(before);
  });

  it('may cut through a compaction that another has replaced', async () => {
    await conversation('replaced', 10);
    await compact('replaced', 2, 5);
    await compact('replaced', 1, 5, { replacement: [summary('wide')] });
    expect((await compact('replaced', 3, 8)).body.reason).toBe('range_overlap');
    expect((await compact('replaced', 6, 8, { replacement: [summary('next')] })).status).toBe(200);
    expect(await timeline('replaced')).toEqual(['1-5:wide', '6-8:next', '9:m9', '10:m10']);
  });

  it.each([
    ['begins at 0', 0, 3],
    ['begins below 0', -2, 3],
    ['ends behind the log', 5, 11],
    ['lies behind the log', 11, 12],
    ['ends far behind the log', 1, Number.MAX_SAFE_INTEGER],
    ['begins and ends outside', 0, 11],
  ])('is refused with range_gap when it %s', async (name, from, to) => {
    const id = `gap ${name}`;
    await conversation(id, 10);
    const before = await everything(id);
    const answer = await compact(id, from, to);
    expectError(answer, 400);
    expect(answer.body.reason).toBe('range_gap');
    expect(await everything(id)).toEqual(before);
  });

  it('is refused with range_gap in an empty log', async () => {
    await conversation('empty', 0);
    for (const [from, to] of [
      [1, 1],
      [0, 0],
      [1, 5],
    ] as const) {
      const answer = await compact('empty', from, to);
      expectError(answer, 400);
      expect(answer.body.reason).toBe('range_gap');
    }
    expect((await service.http.get('empty')).body.version).toBe(0);
  });

  it.each([
    ['a range that ends before it begins', { from_seq: 3, to_seq: 2 }, ['to_seq']],
    ['no from_seq', { from_seq: undefined }, ['from_seq']],
    ['no to_seq', { to_seq: null }, ['to_seq']],
    ['seqs that are no integers', { from_seq: 1.5, to_seq: '2' }, ['from_seq', 'to_seq']],
    ['no replacement', { replacement: undefined }, ['replacement']],
    ['a null replacement', { replacement: null }, ['replacement']],
    ['an empty replacement', { replacement: [] }, ['replacement']],
    ['a replacement that is an event', { replacement: SUMMARY }, ['replacement']],
    ['a replacement that is a string', { replacement: 'so far' }, ['replacement']],
    [
      'a bad event among good ones',
      { replacement: [SUMMARY, { role: 'robot', content: 'a' }] },
      ['replacement[1].role'],
    ],
    [
      'events with every fault',
      { replacement: [null, { role: 'user' }, { role: 'user', parts: [{}] }, { ...SUMMARY, content: 'a' }] },
      ['replacement[0]', 'replacement[1].parts', 'replacement[2].parts[0].type', 'replacement[3].content'],
    ],
    ['a negative if_version', { if_version: -1 }, ['if_version']],
    ['an if_version as a string', { if_version: '5' }, ['if_version']],
    ['an unknown field', { summary: 'so far' }, ['summary']],
    ['an idempotency key, which it does not know', { idempotency_key: 'k' }, ['idempotency_key']],
  ])('is refused by name with %s', async (name, body, named) => {
    const id = `bad ${name}`;
    await conversation(id, 5);
    const before = await everything(id);
    const answer = await compact(id, 1, 3, body);
    expectError(answer, 400);
    expect(answer.body.reason).toBeUndefined();
    expect(paths(answer)).toEqual(named);
    expect(await everything(id)).toEqual(before);
  });

  it('lets through at if_version alone, and says which version it is', async () => {
    await conversation('guard', 5);
    expect((await compact('guard', 1, 2, { if_version: 5 })).body.version).toBe(6);
    const before = await everything('guard');
    for (const stale of [0, 5, 7]) {
      const answer = await compact('guard', 1, 3, { if_version: stale });
      expectError(answer, 409);
      expect(answer.body).toMatchObject({ reason: 'version_mismatch', expected: stale, actual: 6 });
    }
    expect(await everything('guard')).toEqual(before);
    expect((await compact('guard', 1, 3, { if_version: 6 })).body.version).toBe(7);
    expect((await compact('guard', 1, 4, { if_version: null })).body.version).toBe(8);
  });

  it('answers 404 for a conversation that is not there', async () => {
    expectError(await compact('absent', 1, 1), 404);
    expectError(await compact('absent', 5, 1, { if_version: 3 }), 404);
  });

  it('may be of what the policy has trimmed already', async () => {
    await conversation('trimmed', 10, { strategy: 'last_n', config: { limit: 3 } });
    expect(await timeline('trimmed')).toEqual(live(8, 10));
    expect((await compact('trimmed', 1, 4)).status).toBe(200);
    expect(await timeline('trimmed')).toEqual(['1-4:so far', ...live(8, 10)]);
    expect((await compact('trimmed', 9, 9)).status).toBe(200);
    expect(await timeline('trimmed')).toEqual(['1-4:so far', '7:m7', '8:m8', '9-9:so far', '10:m10']);
  });

  it('has a replacement of several messages, each an event like any other', async () => {
    await conversation('several', 5);
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
      { ...range, role: 'assistant', parts: replacement[1]!.parts, id: 'x', metadata: { m: 1 } },
      { ...range, ...SUMMARY },
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

  it('may have more messages in its replacement than a turn has', async () => {
    await conversation('many', 3);
    const replacement = Array.from({ length: 250 }, (_, index) => summary(`r${index}`));
    expect((await compact('many', 1, 2, { replacement })).status).toBe(200);
    expect(await timeline('many')).toEqual([...replacement.map((_, index) => `1-2:r${index}`), '3:m3']);
  });

  it('covers the range alone: what is appended afterwards is live', async () => {
    await conversation('later', 3);
    await compact('later', 1, 3);
    for (const seq of [4, 5]) await service.http.say('later', `m${seq}`);
    expect(await timeline('later')).toEqual(['1-3:so far', '4:m4', '5:m5']);
    expect((await service.http.events('later')).body.events).toHaveLength(5);
  });
});

describe('compactions at the same time', () => {
  it('that overlap end as if they had come one after the other', async () => {
    const other = await TestService.start({ database: service.database });
    try {
      for (let round = 0; round < 8; round += 1) {
        const id = `race-${round}`;
        await conversation(id, 20);
        const ranges = Array.from({ length: 10 }, (_, index) => {
          const from = 1 + ((index * 7 + round * 3) % 15);
          return { from, to: Math.min(20, from + ((index + round) % 6)) };
        });
        const answers = await Promise.all(
          ranges.map(({ from, to }, index) =>
            [service, other][index % 2]!.http.compact(id, {
              from_seq: from,
              to_seq: to,
              replacement: [summary(`c${index}`)],
            }),
          ),
        );
        const done = answers
          .map((answer, index) => ({ answer, ...ranges[index]!, text: `c${index}` }))
          .filter(({ answer }) => answer.status === 200)
          .sort((a, b) => a.answer.body.version - b.answer.body.version);
        for (const answer of answers.filter(({ status }) => status !== 200)) {
          expectError(answer, 400);
          expect(answer.body.reason).toBe('range_overlap');
        }
        // Each had a version of its own, in a row.
        expect(done.map(({ answer }) => answer.body.version)).toEqual(done.map((_, index) => 21 + index));
        expect((await service.http.get(id)).body).toMatchObject({ version: 20 + done.length, last_seq: 20 });
        // Replayed in that order each was legal, and what is left is what the model sees.
        let active: { from: number; to: number; text: string }[] = [];
        for (const { from, to, text } of done) {
          const touched = active.filter((each) => each.from <= to && each.to >= from);
          expect(touched.filter((each) => each.from < from || each.to > to)).toEqual([]);
          active = [...active.filter((each) => !touched.includes(each)), { from, to, text }];
        }
        active.sort((a, b) => a.from - b.from);
        const summaries = (await timeline(id)).filter((line) => line.includes('-'));
        expect(summaries).toEqual(active.map(({ from, to, text }) => `${from}-${to}:${text}`));
      }
    } finally {
      await other.stop();
    }
  });

  it('of one range from 10 clients all succeed, and the last one stands', async () => {
    await conversation('same', 5);
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        compact('same', 2, 4, { replacement: [summary(`c${index}`)] }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200));
    const last = answers.findIndex(({ body }) => body.version === 15);
    expect(await timeline('same')).toEqual(['1:m1', `2-4:c${last}`, '5:m5']);
  });

  it('under one if_version are one success and conflicts', async () => {
    await conversation('guarded', 5);
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) => compact('guarded', 1 + (index % 3), 4, { if_version: 5 })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([
      200,
      ...Array.from({ length: 9 }, () => 409),
    ]);
    for (const { body } of answers.filter(({ status }) => status === 409)) {
      expect(body).toMatchObject({ reason: 'version_mismatch', expected: 5, actual: 6 });
    }
    expect((await service.http.get('guarded')).body.version).toBe(6);
  });
});

function live(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => `${from + index}:m${from + index}`);
}
