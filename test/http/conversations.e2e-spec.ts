import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { expectError } from '../support/error-shape.js';
import { jsonFields } from '../support/json-fields.js';
import { sendRaw } from '../support/raw-http.js';
import { TestService } from '../support/test-service.js';

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const EVENT = { role: 'user', content: 'hello' };
const KIB_64 = 64 * 1024;

let service: TestService;
beforeAll(async () => {
  service = await TestService.start();
  await service.http.put('settled', { token_budget: 4000, metadata: { team: 'x' } });
});
afterAll(() => service.stop());

const paths = (answer: { body: { details: { path: string }[] } }) =>
  answer.body.details.map(({ path }) => path).sort();

/** The text of `metadata` in an answer. */
const metadataText = ({ text }: { text: string }) =>
  jsonFields(text).find(({ key }) => key === 'metadata')?.value;

/** Metadata `{"a":"xx…"}` that is exactly so many bytes as JSON. */
const metadataOf = (bytes: number, letter = 'x') => ({
  a: letter.repeat((bytes - '{"a":""}'.length) / Buffer.byteLength(letter)),
});

describe('PUT /v1/conversations/:id', () => {
  it('creates with 201 and every default', async () => {
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

  it('keeps with 200 every field that an update leaves out', async () => {
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
  ])('replaces %s alone when it alone is given', async (field, body) => {
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
    ['without one', {}],
  ])('replaces policy and metadata whole, %s', async (name, budget) => {
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

  it('keeps a null in metadata, which only PATCH takes as removal', async () => {
    const created = await service.http.put('null-kept', { token_budget: 1, metadata: { a: null } });
    expect(created.body.metadata).toEqual({ a: null });
  });

  it('leaves version and log untouched', async () => {
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

  it('never takes updated_at back, and created_at stays', async () => {
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

  describe('token_budget', () => {
    it('is required for a new conversation', async () => {
      for (const body of [
        {},
        { token_budget: null },
        { trigger_ratio: 0.5 },
        { policy: { strategy: 'budget' } },
      ]) {
        const answer = await service.http.put('no-budget', body);
        expectError(answer, 400);
        expect(paths(answer)).toEqual(['token_budget']);
      }
      expectError(await service.http.get('no-budget'), 404);
    });

    it.each([1, 2, 999_999, 1_000_000])('is taken: %s', async (budget) => {
      expect((await service.http.put(`budget-${budget}`, { token_budget: budget })).body.token_budget).toBe(
        budget,
      );
    });

    it.each([0, -1, 1_000_001, 1.5, 2 ** 53, 1e21, '100', true, [100], {}])(
      'is refused by name: %j',
      async (budget) => {
        for (const id of ['budget-bad', 'settled']) {
          const answer = await service.http.put(id, { token_budget: budget });
          expectError(answer, 400);
          expect(paths(answer)).toEqual(['token_budget']);
        }
        expectError(await service.http.get('budget-bad'), 404);
      },
    );

    it('has a ceiling that can be configured', async () => {
      const low = await TestService.start({
        env: { FASTPACA_MAX_TOKEN_BUDGET: '500' },
        database: service.database,
      });
      try {
        expect((await low.http.put('ceiling', { token_budget: 500 })).status).toBe(201);
        const answer = await low.http.put('ceiling', { token_budget: 501 });
        expectError(answer, 400);
        expect(paths(answer)).toEqual(['token_budget']);
        expect((await low.http.get('ceiling')).body.token_budget).toBe(500);
      } finally {
        await low.stop();
      }
    });
  });

  describe('trigger_ratio', () => {
    it.each([1, 0.5, 0.01, 1e-7, 0.1, 0.30000000000000004])('is taken exactly: %s', async (ratio) => {
      const answer = await service.http.put(`ratio-${ratio}`, { token_budget: 1, trigger_ratio: ratio });
      expect(answer.body.trigger_ratio).toBe(ratio);
    });

    it.each([0, -0.1, 1.0001, 70, '0.5', true, [0.5], {}])(
      'is refused by name in each of its places: %j',
      async (ratio) => {
        for (const [path, body] of [
          ['trigger_ratio', { trigger_ratio: ratio }],
          ['policy.trigger_ratio', { policy: { strategy: 'last_n', trigger_ratio: ratio } }],
          [
            'policy.config.trigger_ratio',
            { policy: { strategy: 'last_n', config: { trigger_ratio: ratio } } },
          ],
        ] as const) {
          const answer = await service.http.put('ratio-bad', { token_budget: 1, ...body });
          expectError(answer, 400);
          expect(paths(answer)).toEqual([path]);
        }
        expectError(await service.http.get('ratio-bad'), 404);
      },
    );

    it('is read from the top level, then the policy, then its config', async () => {
      const ratioOf = async (
        id: string,
        top?: number | null,
        inPolicy?: number | null,
        inConfig?: number,
      ) => {
        const answer = await service.http.put(id, {
          token_budget: 1,
          trigger_ratio: top,
          policy: { strategy: 'last_n', trigger_ratio: inPolicy, config: { trigger_ratio: inConfig } },
        });
        expect(answer.status).toBeLessThan(300);
        return answer.body.trigger_ratio;
      };
      expect(await ratioOf('ratio-all', 0.1, 0.2, 0.3)).toBe(0.1);
      expect(await ratioOf('ratio-two', undefined, 0.2, 0.3)).toBe(0.2);
      expect(await ratioOf('ratio-one', undefined, undefined, 0.3)).toBe(0.3);
      expect(await ratioOf('ratio-null', null, null, 0.3)).toBe(0.3);
      expect(await ratioOf('ratio-outer', 0.1, undefined, 0.3)).toBe(0.1);
      expect(await ratioOf('ratio-none')).toBe(0.7);
      // Of an update too, and a policy without a ratio leaves it.
      expect(await ratioOf('ratio-all', undefined, undefined, 0.4)).toBe(0.4);
      expect(await ratioOf('ratio-all')).toBe(0.4);
    });
  });

  describe('policy', () => {
    it.each([
      ['last_n', { limit: 1, trim_to: 1 }],
      ['last_n', { limit: 1_000_000, trim_to: 1, max_tokens: 1 }],
      ['budget', {}],
      ['manual', { max_tokens: 9 }],
      ['strip_tool_results', { limit: 20, trim_to: 10 }],
      ['skip_parts', { limit: 20, kinds: ['image', 'tool*'] }],
      ['time_window', { max_age_seconds: 1 }],
      ['time_window', { max_age_seconds: 3600, min_events: 0 }],
    ])('is taken and comes back as it was sent: %s %j', async (strategy, config) => {
      const id = `policy-${strategy}-${JSON.stringify(config)}`;
      const answer = await service.http.put(id, { token_budget: 100, policy: { strategy, config } });
      expect(answer.status).toBe(201);
      expect(answer.body.policy).toEqual({ strategy, config });
      expect((await service.http.window(id)).status).toBe(200);
    });

    it.each([
      ['an unknown strategy', { strategy: 'lats_n' }, 'policy.strategy'],
      ['a name that every object has', { strategy: 'constructor' }, 'policy.strategy'],
      ['a strategy of another kind', { strategy: 7 }, 'policy.strategy'],
      ['no strategy', { config: { limit: 5 } }, 'policy.strategy'],
      ['an unknown field', { strategy: 'last_n', limit: 5 }, 'policy.limit'],
      ['an unknown config field', { strategy: 'last_n', config: { limt: 5 } }, 'policy.config.limt'],
      [
        'a config field of another policy',
        { strategy: 'last_n', config: { max_age_seconds: 5 } },
        'policy.config.max_age_seconds',
      ],
      [
        'a config for a policy without one',
        { strategy: 'budget', config: { limit: 5 } },
        'policy.config.limit',
      ],
      ['no max_age_seconds', { strategy: 'time_window', config: {} }, 'policy.config.max_age_seconds'],
      ['no config with max_age_seconds', { strategy: 'time_window' }, 'policy.config.max_age_seconds'],
      [
        'a null max_age_seconds',
        { strategy: 'time_window', config: { max_age_seconds: null } },
        'policy.config.max_age_seconds',
      ],
      ['a limit as a string', { strategy: 'last_n', config: { limit: '5' } }, 'policy.config.limit'],
      ['a limit as a fraction', { strategy: 'last_n', config: { limit: 1.5 } }, 'policy.config.limit'],
      ['a limit of 0', { strategy: 'last_n', config: { limit: 0 } }, 'policy.config.limit'],
      [
        'a trim_to over the limit',
        { strategy: 'last_n', config: { limit: 5, trim_to: 6 } },
        'policy.config.trim_to',
      ],
      [
        'a trim_to over the default limit',
        { strategy: 'last_n', config: { trim_to: 201 } },
        'policy.config.trim_to',
      ],
      ['a max_tokens of 0', { strategy: 'budget', config: { max_tokens: 0 } }, 'policy.config.max_tokens'],
      ['kinds as a string', { strategy: 'skip_parts', config: { kinds: 'tool' } }, 'policy.config.kinds'],
      ['kinds of numbers', { strategy: 'skip_parts', config: { kinds: [1] } }, 'policy.config.kinds'],
      ['a config that is a list', { strategy: 'last_n', config: [] }, 'policy.config'],
      ['a config that is a string', { strategy: 'last_n', config: 'limit' }, 'policy.config'],
      ['a string', 'last_n', 'policy'],
      ['a list', ['last_n'], 'policy'],
    ])('is refused by name: %s', async (_, policy, path) => {
      const answer = await service.http.put('policy-bad', { token_budget: 100, policy });
      expectError(answer, 400);
      expect(paths(answer)).toEqual([path]);
      expectError(await service.http.get('policy-bad'), 404);
      const before = (await service.http.get('settled')).body;
      expectError(await service.http.put('settled', { token_budget: 9, policy }), 400);
      expect((await service.http.get('settled')).body).toEqual(before);
    });

    it('is refused for a config field called __proto__', async () => {
      const answer = await service.http.put(
        'policy-proto',
        '{"token_budget":1,"policy":{"strategy":"last_n","config":{"__proto__":{"limit":1}}}}',
      );
      expectError(answer, 400);
      expect(paths(answer)).toEqual(['policy.config.__proto__']);
    });
  });

  describe('metadata', () => {
    it('is taken up to 64 KiB of bytes as JSON, white space not counted', async () => {
      expect((await service.http.put('size', { token_budget: 1, metadata: metadataOf(KIB_64) })).status).toBe(
        201,
      );
      const spaced = JSON.stringify({ token_budget: 1, metadata: metadataOf(KIB_64) }, undefined, 8);
      expect((await service.http.put('size-spaced', spaced)).status).toBe(201);
      expect((await service.http.get('size-spaced')).body.metadata).toEqual(metadataOf(KIB_64));
    });

    it('is refused by name over 64 KiB, and leaves the record as it was', async () => {
      for (const metadata of [
        metadataOf(KIB_64 + 1),
        metadataOf(KIB_64 + 2, 'é'),
        metadataOf(KIB_64 + 4, '😀'),
        { many: Array.from({ length: 40_000 }, () => 0) },
      ]) {
        const answer = await service.http.put('size-over', { token_budget: 1, metadata });
        expectError(answer, 400);
        expect(paths(answer)).toEqual(['metadata']);
        expectError(await service.http.get('size-over'), 404);
      }
      const before = (await service.http.put('size-before', { token_budget: 1, metadata: { a: 1 } })).body;
      expectError(
        await service.http.put('size-before', { token_budget: 2, metadata: metadataOf(KIB_64 + 1) }),
        400,
      );
      expectError(await service.http.put('size-before', { metadata: metadataOf(KIB_64 + 1) }), 400);
      expect((await service.http.get('size-before')).body).toEqual(before);
    });

    it('counts bytes, not characters', async () => {
      const metadata = metadataOf(KIB_64, '😀');
      expect(Buffer.byteLength(JSON.stringify(metadata))).toBe(KIB_64);
      expect((await service.http.put('size-bytes', { token_budget: 1, metadata })).status).toBe(201);
      expect((await service.http.get('size-bytes')).body.metadata).toEqual(metadata);
    });

    it.each([[[]], ['x'], [7], [true], [[{}]]])('is refused by name: %j', async (metadata) => {
      const answer = await service.http.put('metadata-bad', { token_budget: 1, metadata });
      expectError(answer, 400);
      expect(paths(answer)).toEqual(['metadata']);
    });

    it('comes back as it was sent, key order and number spelling included', async () => {
      const text =
        '{"b":1.0,"10":12345678901234567890,"2":-0,"__proto__":{"x":1e2},"\\u0000":"\\ud800","":[1E+2,{}],"a":null}';
      const created = await service.http.put('verbatim', `{"token_budget":1,"metadata": ${text} }`);
      expect(created.status).toBe(201);
      expect(metadataText(created)).toBe(text);
      expect(metadataText(await service.http.get('verbatim'))).toBe(text);
      expect(metadataText(await service.http.put('verbatim', { token_budget: 2 }))).toBe(text);
    });
  });

  it('makes one conversation of any number of concurrent PUTs of one new id', async () => {
    const other = await TestService.start({ database: service.database });
    try {
      for (let round = 0; round < 10; round += 1) {
        const id = `race-${round}`;
        const answers = await Promise.all(
          Array.from({ length: 20 }, (_, index) =>
            [service, other][index % 2]!.http.put(id, { token_budget: index + 1, metadata: { index } }),
          ),
        );
        expect(answers.map(({ status }) => status).sort()).toEqual([
          ...Array.from({ length: 19 }, () => 200),
          201,
        ]);
        const { body } = await service.http.get(id);
        expect(body.metadata).toEqual({ index: body.token_budget - 1 });
        expect(new Set(answers.map((answer) => answer.body.created_at))).toEqual(new Set([body.created_at]));
      }
    } finally {
      await other.stop();
    }
  });

  it('answers a PUT without a budget 200 or 400 while the conversation is being made, and no conflict', async () => {
    const statuses = new Set<number>();
    for (let round = 0; round < 60; round += 1) {
      const id = `half-${round}`;
      const answers = await Promise.all(
        Array.from({ length: 12 }, (_, index) =>
          service.http.put(id, index === 5 ? { token_budget: 1 } : {}),
        ),
      );
      for (const { status } of answers) statuses.add(status);
    }
    expect([...statuses].filter((status) => ![200, 201, 400].includes(status))).toEqual([]);
  });
});

describe('the conversation id', () => {
  it.each([
    'user:42/chat é',
    'a/b/c',
    '/',
    '..',
    'a%2Fb',
    'a%',
    '%zz',
    '%25',
    'a?b=c&d',
    'a#b',
    'a;b=c',
    'a+b',
    'a\\b',
    '"quoted"',
    "'; DROP TABLE fastpaca.events; --",
    ' ',
    ' a ',
    'events',
    ':id',
    '*',
    '{id}',
    '__proto__',
    '\u00a0',
    '\u200b\u2028\ufeff',
    '\uffff',
    '会话',
    '👩‍👩‍👧',
  ])('is whatever is in the path after percent-decoding: "%s"', (id) => expectId(id));

  it('has up to 255 characters, which are code points', async () => {
    for (const letter of ['x', 'é', '😀']) await expectId(letter.repeat(255));
  });

  /** Takes a conversation of this id through its life. */
  async function expectId(id: string): Promise<void> {
    // Written byte by byte, since clients take %2e%2e for a step up.
    const encoded = [...Buffer.from(id)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
    const send = (method: string, rest: string, body?: unknown) => {
      const text = body === undefined ? '' : JSON.stringify(body);
      return sendRaw(
        service.url,
        `${method} /v1/conversations/${encoded}${rest} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n` +
          (text && `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(text)}\r\n`) +
          `\r\n${text}`,
      );
    };
    const created = await send('PUT', '', { token_budget: 100 });
    expect(created.status).toBe(201);
    expect(created.body.id).toBe(id);
    expect((await send('POST', '/events', { event: EVENT, if_version: 0 })).status).toBe(201);
    expect((await send('GET', '')).body).toMatchObject({ id, version: 1 });
    expect((await send('GET', '/events')).body.events).toHaveLength(1);
    expect((await send('GET', '/window')).body.messages).toHaveLength(1);
    expect((await send('DELETE', '')).status).toBe(204);
  }

  it('names different conversations when it differs by a character, case and normal form included', async () => {
    const ids = ['Case', 'case', 'case ', 'caf\u00e9', 'cafe\u0301', 'a/b', 'a%2Fb', 'ﬀ', 'ff'];
    for (const [index, id] of ids.entries()) {
      expect((await service.http.put(`t:${id}`, { token_budget: index + 1 })).status).toBe(201);
    }
    for (const [index, id] of ids.entries()) {
      expect((await service.http.get(`t:${id}`)).body).toMatchObject({
        id: `t:${id}`,
        token_budget: index + 1,
      });
    }
  });

  it('is the same however its path is spelt', async () => {
    await service.http.put('spelt:a/é');
    for (const path of ['spelt:a%2Fé', 'spelt%3Aa%2f%c3%a9', '%73pelt:%61%2F%C3%A9']) {
      const answer = await service.http.request('GET', `/v1/conversations/${path}`);
      expect(answer.body.id).toBe('spelt:a/é');
    }
  });

  it('of 256 code points or with a control character is refused', async () => {
    for (const id of [
      'x'.repeat(256),
      '😀'.repeat(256),
      'a\u0000',
      '\u0001',
      'a\nb',
      '\u007f',
      '\u0085',
      '\t',
    ]) {
      const answer = await service.http.put(id);
      expectError(answer, 400);
      expect(paths(answer)).toEqual(['id']);
    }
  });
});

describe('GET /v1/conversations/:id', () => {
  it('answers 404 for a conversation that is not there', async () => {
    expectError(await service.http.get('absent'), 404);
  });

  it('answers the record as the writes have left it', async () => {
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
  it('answers 204 without a body, and 204 again, and keeps the first tombstone', async () => {
    await service.http.put('twice');
    const first = await service.http.delete('twice');
    expect({ status: first.status, text: first.text }).toEqual({ status: 204, text: '' });
    const record = (await service.http.get('twice')).body;
    expect(record.tombstoned).toBe(true);
    const second = await service.http.delete('twice');
    expect({ status: second.status, text: second.text }).toEqual({ status: 204, text: '' });
    expect((await service.http.get('twice')).body).toEqual(record);
  });

  it('answers 404 for a conversation that is not there, and makes none', async () => {
    expectError(await service.http.delete('absent'), 404);
    expect((await service.http.put('absent-deleted')).status).toBe(201);
  });

  it('answers 204 to every one of many at once', async () => {
    await service.http.put('deleted-by-many');
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => service.http.delete('deleted-by-many')),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([204]));
  });

  it('lets reads go on as before', async () => {
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

  it('makes every write a 409 tombstoned that changes nothing', async () => {
    await service.http.put('dead', { token_budget: 1000, metadata: { a: 1 } });
    await service.http.say('dead', 'a');
    await service.http.delete('dead');
    const before = (await service.http.get('dead')).body;
    const answers = await Promise.all([
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
    for (const answer of answers) {
      expectError(answer, 409);
      expect(answer.body.reason).toBe('tombstoned');
      expect(answer.body.expected).toBeUndefined();
    }
    expect((await service.http.get('dead')).body).toEqual(before);
    expect((await service.http.events('dead')).body.events).toHaveLength(1);
    // A bad request is a bad request first.
    expectError(await service.http.append('dead', { event: { role: 'robot', content: 'a' } }), 400);
    expectError(await service.http.put('dead', { token_budget: 0 }), 400);
  });
});

describe('PATCH /v1/conversations/:id/metadata', () => {
  it('merges shallowly, and a key set to null goes', async () => {
    await service.http.put('merge', {
      token_budget: 100,
      metadata: { keep: 1, replace: { a: 1, b: 2 }, gone: true },
    });
    await service.http.say('merge', 'a');
    const before = (await service.http.get('merge')).body;
    const patched = await service.http.patch('merge', {
      added: ['x'],
      replace: { c: null },
      gone: null,
      never: null,
    });
    expect(patched.status).toBe(200);
    expect(patched.body).toEqual({
      ...before,
      metadata: { keep: 1, replace: { c: null }, added: ['x'] },
      updated_at: expect.stringMatching(TIME),
    });
    expect((await service.http.get('merge')).body).toEqual(patched.body);
  });

  it('leaves version and log as they are', async () => {
    await service.http.put('patch-version');
    await service.http.say('patch-version', 'a');
    const log = (await service.http.events('patch-version')).text;
    expect((await service.http.patch('patch-version', { a: 1 })).body).toMatchObject({
      version: 1,
      last_seq: 1,
    });
    expect((await service.http.events('patch-version')).text).toBe(log);
    expect((await service.http.append('patch-version', { event: EVENT, if_version: 1 })).status).toBe(201);
  });

  it('keeps the spelling of what it merges and of what was there', async () => {
    await service.http.put(
      'patch-verbatim',
      '{"token_budget":1,"metadata":{"b":1.0,"2":0.10,"1":12345678901234567890,"gone":1}}',
    );
    const patched = await service.http.request('PATCH', service.http.path('patch-verbatim', '/metadata'), {
      body: '{"metadata":{ "10": 1.0 , "gone":null,"__proto__":{"x":1e2},"2":{"b":-0.0,"a":12345678901234567891} }}',
    });
    expect(patched.status).toBe(200);
    const expected =
      '{"b":1.0,"2":{"b":-0.0,"a":12345678901234567891},"1":12345678901234567890,"10":1.0,"__proto__":{"x":1e2}}';
    expect(metadataText(patched)).toBe(expected);
    expect(metadataText(await service.http.get('patch-verbatim'))).toBe(expected);
  });

  it('takes away a key that every object has, and no other', async () => {
    await service.http.put(
      'patch-proto',
      '{"token_budget":1,"metadata":{"__proto__":{"a":1},"constructor":2}}',
    );
    const patched = await service.http.request('PATCH', service.http.path('patch-proto', '/metadata'), {
      body: '{"metadata":{"__proto__":null,"toString":null}}',
    });
    expect(metadataText(patched)).toBe('{"constructor":2}');
  });

  it('is refused when the result would be over 64 KiB, and changes nothing', async () => {
    const half = { a: 'x'.repeat(40_000) };
    await service.http.put('patch-size', { token_budget: 1, metadata: half });
    const answer = await service.http.patch('patch-size', { b: 'x'.repeat(40_000) });
    expectError(answer, 400);
    expect(paths(answer)).toEqual(['metadata']);
    expect((await service.http.get('patch-size')).body.metadata).toEqual(half);
    // What it takes away makes room for what it adds.
    const swapped = await service.http.patch('patch-size', { a: null, b: 'x'.repeat(40_000) });
    expect(swapped.body.metadata).toEqual({ b: 'x'.repeat(40_000) });
    const full = await service.http.patch('patch-size', { b: null, ...metadataOf(KIB_64) });
    expect(full.status).toBe(200);
    expectError(await service.http.patch('patch-size', { b: 1 }), 400);
  });

  it('keeps every one of 20 concurrent patches of different keys, on two nodes', async () => {
    const other = await TestService.start({ database: service.database });
    try {
      for (let round = 0; round < 5; round += 1) {
        const id = `patched-${round}`;
        await service.http.put(id, { token_budget: 1, metadata: { before: true } });
        const answers = await Promise.all(
          Array.from({ length: 20 }, (_, index) =>
            [service, other][index % 2]!.http.patch(id, { [`key-${index}`]: index }),
          ),
        );
        for (const [index, answer] of answers.entries()) {
          expect(answer.status).toBe(200);
          expect(answer.body.metadata[`key-${index}`]).toBe(index);
        }
        expect((await service.http.get(id)).body.metadata).toEqual({
          before: true,
          ...Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`key-${index}`, index])),
        });
      }
    } finally {
      await other.stop();
    }
  });

  it('loses nothing to appends and PUTs that go on meanwhile', async () => {
    await service.http.put('patch-busy');
    await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        [
          () => service.http.patch('patch-busy', { [`key-${index}`]: index }),
          () => service.http.say('patch-busy', `message ${index}`),
          () => service.http.put('patch-busy', { token_budget: 1000 + index }),
        ][index % 3]!(),
      ),
    );
    const { body } = await service.http.get('patch-busy');
    expect(Object.keys(body.metadata)).toHaveLength(10);
    expect(body).toMatchObject({ version: 10, last_seq: 10 });
    expect(body.token_budget).toBeGreaterThanOrEqual(1000);
  });

  it.each([undefined, null, [], 'x', 7, true])('is refused by name: %j', async (metadata) => {
    await service.http.put('patch-bad', { token_budget: 1, metadata: { a: 1 } });
    const answer = await service.http.patch('patch-bad', metadata);
    expectError(answer, 400);
    expect(paths(answer)).toEqual(['metadata']);
    expect((await service.http.get('patch-bad')).body.metadata).toEqual({ a: 1 });
  });

  it('answers 404 for a conversation that is not there', async () => {
    expectError(await service.http.patch('absent', { a: 1 }), 404);
  });
});
