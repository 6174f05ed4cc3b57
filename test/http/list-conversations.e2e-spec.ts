import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { HttpClient } from '../support/http-client.js';
import { TestService } from '../support/test-service.js';

let service: TestService;
beforeAll(async () => {
  service = await TestService.start();
});
afterAll(() => service.stop());
// A list has all conversations of the namespace.
afterEach(() =>
  service.database.query(
    'TRUNCATE fastpaca.conversations, fastpaca.conversation_lists, fastpaca.events, fastpaca.compactions',
  ),
);

const list = (query = '') => service.http.request('GET', `/v1/conversations${query}`);
const idsOf = (page: { conversations: { id: string }[] }) => page.conversations.map(({ id }) => id);
const listed = async (query = '') => {
  const { status, body } = await list(query);
  expect(status).toBe(200);
  return idsOf(body);
};
const put = async (id: string, metadata: object = {}) => {
  const { status, body } = await service.http.put(id, { token_budget: 1000, metadata });
  expect(status).toBe(201);
  return body;
};

/** Lets conversations have been changed and created hours ago, as the service would have listed them. */
async function age(id: string, activeHoursAgo: number, createdHoursAgo = activeHoursAgo): Promise<void> {
  await service.database.query(
    `UPDATE fastpaca.conversations
        SET updated_at = now() - make_interval(hours => $2), created_at = now() - make_interval(hours => $3)
      WHERE id = $1 RETURNING fastpaca.list_conversation(namespace, id)`,
    [id, activeHoursAgo, createdHoursAgo],
  );
}

/** Follows the cursors to the end. */
async function pages(query: string): Promise<string[][]> {
  const found: string[][] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const { body }: { body: any } = await list(`${query}${cursor && `&cursor=${cursor}`}`);
    found.push(idsOf(body));
    cursor = body.next_cursor;
  }
  return found;
}

describe('GET /v1/conversations', () => {
  it('is an empty page without conversations', async () => {
    const { status, body, headers } = await list();
    expect(status).toBe(200);
    expect(body).toEqual({ conversations: [], next_cursor: null });
    expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
  });

  it('returns the records, with metadata as they were sent', async () => {
    const metadata = '{"n":1.0,"big":12345678901234567890,"list":[1,2]}';
    await service.http.request('PUT', '/v1/conversations/a', {
      body: `{"token_budget":1000,"model":"gpt-4o","metadata":${metadata}}`,
    });
    const record = await service.http.get('a');
    const page = await list();
    expect(page.text).toBe(`{"conversations":[${record.text}],"next_cursor":null}`);
    expect(page.text).toContain(metadata);
  });

  it('has no erased conversations, and keeps nothing of their metadata', async () => {
    await put('kept', { user: 'u-1' });
    await put('erased', { user: 'u-1' });
    await service.http.request('DELETE', '/v1/conversations/erased?mode=erase');
    expect(await listed('?metadata.user=u-1')).toEqual(['kept']);
    expect(await listed('?tombstoned=true')).toEqual([]);
    const entries = "SELECT filter FROM fastpaca.conversation_lists WHERE conversation_id = 'erased'";
    expect(await service.database.query(entries)).toEqual([]);
  });

  it('begins with the conversation that was changed last, whatever the change was', async () => {
    for (const id of ['a', 'b', 'c', 'd']) await put(id);
    expect(await listed()).toEqual(['d', 'c', 'b', 'a']);
    await service.http.say('b', 'hello');
    expect(await listed()).toEqual(['b', 'd', 'c', 'a']);
    await service.http.patch('a', { x: 1 });
    expect(await listed()).toEqual(['a', 'b', 'd', 'c']);
    await service.http.put('c', { trigger_ratio: 0.5 });
    expect(await listed()).toEqual(['c', 'a', 'b', 'd']);
    await service.http.withdraw('b', { from_seq: 1 });
    expect(await listed()).toEqual(['b', 'c', 'a', 'd']);
    expect(await listed('?order=created')).toEqual(['d', 'c', 'b', 'a']);
  });

  it.each([
    ['an event', (http: HttpClient, id: string) => http.say(id, 'x')],
    [
      'a turn',
      (http: HttpClient, id: string) =>
        http.append(id, {
          events: [
            { role: 'user', content: 'x' },
            { role: 'user', content: 'y' },
          ],
        }),
    ],
    [
      'a pinned event',
      (http: HttpClient, id: string) =>
        http.append(id, { event: { role: 'user', content: 'x', pinned: true } }),
    ],
    ['metadata', (http: HttpClient, id: string) => http.patch(id, { x: 1 })],
    ['settings', (http: HttpClient, id: string) => http.put(id, { trigger_ratio: 0.5 })],
    ['settings with a budget', (http: HttpClient, id: string) => http.put(id, { token_budget: 7 })],
    [
      'a compaction',
      (http: HttpClient, id: string) =>
        http.compact(id, { from_seq: 1, to_seq: 1, replacement: [{ role: 'user', content: 'x' }] }),
    ],
    ['a withdrawal', (http: HttpClient, id: string) => http.withdraw(id, { from_seq: 1 })],
  ])(
    'moves a conversation of an earlier hour to the front after %s, also on another node',
    async (_, change) => {
      for (const id of ['old', 'other']) {
        await put(id);
        await service.http.say(id, 'first');
      }
      // A node that has not seen the conversations.
      const node = await TestService.start({ database: service.database });
      try {
        await age('old', 5);
        await age('other', 4);
        expect(await listed()).toEqual(['other', 'old']);
        expect((await change(node.http, 'old')).status).toBeLessThan(300);
        expect(await listed()).toEqual(['old', 'other']);
        expect((await pages('?limit=1')).flat()).toEqual(['old', 'other']);
      } finally {
        await node.stop();
      }
    },
  );

  it('moves all conversations of concurrent appends', async () => {
    const ids = Array.from({ length: 150 }, (_, index) => `c${index}`);
    await Promise.all(ids.map((id) => put(id)));
    await service.database.query(
      `UPDATE fastpaca.conversations SET updated_at = now() - interval '2 hours' RETURNING fastpaca.list_conversation(namespace, id)`,
    );
    const node = await TestService.start({ database: service.database });
    try {
      await Promise.all(
        [...ids, ...ids].map((id, index) =>
          node.http.append(id, { event: { role: 'user', content: 'x' }, idempotency_key: String(index) }),
        ),
      );
    } finally {
      await node.stop();
    }
    const [row] = await service.database.query(
      'SELECT count(*)::integer AS count FROM fastpaca.conversation_lists WHERE active_hour = fastpaca.hour_of(now())',
    );
    expect(row.count).toBe(ids.length);
  });

  it('lists a conversation that a node of the version before has created, after its first change', async () => {
    await service.database.query(
      `INSERT INTO fastpaca.conversations (namespace, id, token_budget, trigger_ratio, policy_strategy, policy_config, metadata)
       VALUES ('default', 'foreign', 1000, 0.7, 'last_n', '{"limit":200}', '{"user":"u"}')`,
    );
    expect(await listed()).toEqual([]);
    await service.http.say('foreign', 'x');
    expect(await listed('?metadata.user=u')).toEqual(['foreign']);
  });

  it('sorts a page by the time of the last change, and pages of an hour by creation', async () => {
    for (const id of ['a', 'b', 'c', 'd']) await put(id);
    await service.database.query(`
      UPDATE fastpaca.conversations
         SET updated_at = fastpaca.hour_of(now()) - CASE id WHEN 'a' THEN interval '1 second' WHEN 'b' THEN interval '3 seconds'
                                                            WHEN 'c' THEN interval '2 seconds' ELSE interval '2 hours' END
      RETURNING fastpaca.list_conversation(namespace, id)`);
    expect(await listed()).toEqual(['a', 'c', 'b', 'd']);
    expect(await pages('?limit=2')).toEqual([
      ['c', 'b'],
      ['a', 'd'],
    ]);
  });
});

describe('pages', () => {
  beforeEach(async () => {
    for (let n = 0; n < 7; n += 1) {
      await put(`c${n}`, { parity: n % 2, all: true });
      await age(`c${n}`, (n * 3) % 7, n);
    }
  });

  it.each(['activity', 'created'])('have each conversation once, in the order %s', async (order) => {
    const all = await listed(`?order=${order}`);
    expect(all).toHaveLength(7);
    for (const limit of [1, 2, 3, 6, 7, 8]) {
      const found = await pages(`?order=${order}&limit=${limit}`);
      expect(found.flat()).toEqual(all);
      expect(found.slice(0, -1).every((page) => page.length === limit)).toBe(true);
    }
    expect(await listed('?order=created')).toEqual(['c0', 'c1', 'c2', 'c3', 'c4', 'c5', 'c6']);
  });

  it('with filters have each matching conversation once', async () => {
    for (const query of ['?metadata.parity=1', '?metadata.parity=1&metadata.all=true']) {
      expect((await pages(`${query}&limit=1`)).flat().toSorted()).toEqual(['c1', 'c3', 'c5']);
      expect((await pages(`${query}&limit=2&order=created`)).flat()).toEqual(['c1', 'c3', 'c5']);
    }
  });

  it('go on after a conversation that is deleted or changed meanwhile', async () => {
    const { body } = await list('?order=created&limit=3');
    await service.http.delete('c2');
    await service.http.delete('c3');
    expect(await listed(`?order=created&limit=3&cursor=${body.next_cursor}`)).toEqual(['c4', 'c5', 'c6']);
  });

  it('have at most 1000 conversations, and 100 by default', async () => {
    await service.database.query(`
      INSERT INTO fastpaca.conversations (namespace, id, token_budget, trigger_ratio, policy_strategy, policy_config, metadata)
      SELECT 'default', 'many-' || n, 1000, 0.7, 'last_n', '{"limit":200}', '{}' FROM generate_series(1, 1001) n`);
    await service.database.query(
      'SELECT fastpaca.list_conversation(namespace, id) FROM fastpaca.conversations',
    );
    expect(await listed()).toHaveLength(100);
    expect(await listed('?limit=99999999999999999999')).toHaveLength(1000);
  });

  it('end at 8 MiB, after at least one conversation', async () => {
    const policy = { strategy: 'last_n', config: { limit: 200 } };
    const metadata = { text: 'x'.repeat(60_000) };
    for (let n = 0; n < 150; n += 1)
      expect((await service.http.put(`big-${n}`, { token_budget: 1, policy, metadata })).status).toBe(201);
    const found = await pages('?limit=1000');
    expect(found.length).toBe(2);
    expect(found.flat()).toHaveLength(157);
    expect(found[0]!.length).toBeGreaterThan(130);
  });

  it('end early with a cursor if most conversations of the rarest filter lack another', async () => {
    await service.database.query(`
      INSERT INTO fastpaca.conversations (namespace, id, token_budget, trigger_ratio, policy_strategy, policy_config, metadata,
                                          created_at, updated_at)
      SELECT 'default', 'rare-' || n, 1000, 0.7, 'last_n', '{"limit":200}',
             json_build_object('half', n % 2, 'part', n >= 1500), now() - make_interval(mins => n), now() - make_interval(mins => n)
        FROM generate_series(1, 3000) n`);
    await service.database.query(
      'SELECT fastpaca.list_conversation(namespace, id) FROM fastpaca.conversations',
    );
    const found = await pages('?metadata.half=1&metadata.part=true&order=created&limit=300');
    const expected = Array.from({ length: 750 }, (_, index) => `rare-${1501 + index * 2}`);
    expect(found.flat()).toEqual(expected);
    const none = await pages('?metadata.half=1&metadata.half2=1&limit=1000');
    expect(none).toEqual([[]]);
    // 1,500 entries of the rarest filter, none with the other: 1,000 are read for the first page.
    await service.database.query(
      `UPDATE fastpaca.conversations SET metadata = json_build_object('a', 1) WHERE id < 'rare-2'`,
    );
    await service.database.query(
      `UPDATE fastpaca.conversations SET metadata = json_build_object('b', 1) WHERE id >= 'rare-2'`,
    );
    await service.database.query(
      'SELECT fastpaca.list_conversation(namespace, id) FROM fastpaca.conversations',
    );
    const short = await pages('?metadata.a=1&metadata.b=1');
    expect(short.length).toBeGreaterThan(1);
    expect(short.flat()).toEqual([]);
  });
});

describe('filters', () => {
  it('match strings, numbers as they were sent, and booleans', async () => {
    await service.http.request('PUT', '/v1/conversations/a', {
      body: '{"token_budget":1,"metadata":{"text":"x y&é","number":1.0,"yes":true,"no":false,"none":null,"list":[1],"object":{"a":1},"":"e","a.b":"c=d","empty":""}}',
    });
    for (const found of [
      'text=x%20y%26%C3%A9',
      'text=x+y%26é',
      'number=1.0',
      'yes=true',
      'no=false',
      'a.b=c%3Dd',
      'empty=',
    ])
      expect([found, await listed(`?metadata.${found}`)]).toEqual([found, ['a']]);
    for (const missed of [
      'text=x',
      'text=X%20y%26é',
      'number=1',
      'none=null',
      'list=[1]',
      'object={"a":1}',
      'a=c',
      'tex=tx',
      'unknown=',
    ])
      expect([missed, await listed(`?metadata.${missed}`)]).toEqual([missed, []]);
  });

  it('match the metadata of now', async () => {
    await put('a', { user: 'u-1', team: 'x' });
    await service.http.patch('a', { user: 'u-2', team: null, plan: 'pro' });
    expect(await listed('?metadata.user=u-1')).toEqual([]);
    expect(await listed('?metadata.team=x')).toEqual([]);
    expect(await listed('?metadata.user=u-2&metadata.plan=pro')).toEqual(['a']);
    await service.http.put('a', { metadata: { user: 'u-3' } });
    expect(await listed('?metadata.plan=pro')).toEqual([]);
    await service.http.put('a', { token_budget: 5, metadata: { user: 'u-4' } });
    expect(await listed('?metadata.user=u-4')).toEqual(['a']);
    await service.http.put('a', { token_budget: 6 });
    expect(await listed('?metadata.user=u-4')).toEqual(['a']);
  });

  it('find metadata with values of any length, and nothing in metadata that PostgreSQL cannot read', async () => {
    const long = 'é'.repeat(2000);
    await put('long', { long });
    expect(await listed(`?metadata.long=${encodeURIComponent(long)}`)).toEqual(['long']);
    await put('odd', { user: 'u', text: '\0' });
    await service.http.request('PUT', '/v1/conversations/lone', {
      body: '{"token_budget":1,"metadata":{"user":"u","text":"\\ud800"}}',
    });
    expect(await listed('?metadata.user=u')).toEqual([]);
    expect(await listed()).toEqual(['lone', 'odd', 'long']);
  });

  it('search the first 100 keys', async () => {
    const metadata = Object.fromEntries(Array.from({ length: 150 }, (_, index) => [`k${index}`, index]));
    await put('many', { object: {}, ...metadata });
    expect(await listed('?metadata.k99=99')).toEqual(['many']);
    expect(await listed('?metadata.k100=100')).toEqual([]);
    const hundred = Array.from({ length: 100 }, (_, index) => `metadata.k${index}=${index}`).join('&');
    expect(await listed(`?${hundred}`)).toEqual(['many']);
  });

  it('select deleted conversations with tombstoned=true, and the others without', async () => {
    await put('kept', { user: 'u' });
    await put('deleted', { user: 'u' });
    await service.http.delete('deleted');
    await service.http.delete('deleted');
    expect(await listed()).toEqual(['kept']);
    expect(await listed('?tombstoned=false&metadata.user=u')).toEqual(['kept']);
    expect(await listed('?tombstoned=true')).toEqual(['deleted']);
    expect(await listed('?tombstoned=true&metadata.user=u')).toEqual(['deleted']);
    expect((await list('?tombstoned=true')).body.conversations[0].tombstoned).toBe(true);
  });
});

describe('a list', () => {
  it('has only the conversations of the namespace of the key', async () => {
    await put('mine', { user: 'u' });
    await service.database.query(`
      INSERT INTO fastpaca.conversations (namespace, id, token_budget, trigger_ratio, policy_strategy, policy_config, metadata)
      VALUES ('other', 'theirs', 1000, 0.7, 'last_n', '{}', '{"user":"u"}')`);
    await service.database.query(`SELECT fastpaca.list_conversation('other', 'theirs')`);
    for (const query of ['', '?order=created', '?metadata.user=u', '?order=created&metadata.user=u'])
      expect(await listed(query)).toEqual(['mine']);
  });

  it.each([
    ['order=newest', [{ path: 'order', message: 'must be one of activity, created' }]],
    ['limit=0', [{ path: 'limit', message: 'must be an integer of at least 1' }]],
    ['limit=x', [{ path: 'limit', message: 'must be an integer of at least 1' }]],
    ['tombstoned=yes', [{ path: 'tombstoned', message: 'must be true or false' }]],
    ['cursor=', [{ path: 'cursor', message: 'must be the next_cursor of an earlier page, unchanged' }]],
    ['cursor=12', [{ path: 'cursor', message: 'must be the next_cursor of an earlier page, unchanged' }]],
    ['metadata=x', [{ path: 'metadata', message: 'is not a known parameter' }]],
    [
      'metadata.=x',
      [{ path: 'metadata.', message: 'must name a key of the metadata, as in metadata.user=u-1' }],
    ],
    ['metadata.a=x&metadata.a=y', [{ path: 'metadata.a', message: 'is given more than once' }]],
    ['metadata.a=%00', [{ path: 'metadata.a', message: 'must not contain U+0000 or unpaired surrogates' }]],
    ['metadata.%00=a', [{ path: 'metadata.\0', message: 'must not contain U+0000 or unpaired surrogates' }]],
    [
      Array.from({ length: 101 }, (_, index) => `metadata.k${index}=1`).join('&'),
      [{ path: 'metadata', message: 'must have at most 100 filters' }],
    ],
    ['page=2', [{ path: 'page', message: 'is not a known parameter' }]],
  ])('rejects %s', async (query, details) => {
    const { status, body } = await list(`?${query}`);
    expect([status, body.details]).toEqual([400, details]);
  });

  it('rejects a cursor that was changed, or is of the other order', async () => {
    for (const id of ['a', 'b']) await put(id);
    const { next_cursor: cursor } = (await list('?limit=1')).body;
    expect(await listed(`?cursor=${cursor}`)).toEqual(['a']);
    const forged = (values: unknown) => Buffer.from(JSON.stringify(values)).toString('base64url');
    const [order, hour, createdAt, id] = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    for (const bad of [
      `${cursor}=`,
      cursor.slice(1),
      forged([order, hour, createdAt]),
      forged([order, hour, createdAt, id, 1]),
      forged([order, hour, createdAt, '\0']),
      forged([order, '2026-13-01T00:00:00.000Z', createdAt, id]),
      forged([order, 'infinity', createdAt, id]),
      forged(['other', hour, createdAt, id]),
    ]) {
      const { status, body } = await list(`?cursor=${bad}`);
      expect([bad, status, body.details?.[0].path]).toEqual([bad, 400, 'cursor']);
    }
    const { status, body } = await list(`?order=created&cursor=${cursor}`);
    expect([status, body.details]).toEqual([
      400,
      [{ path: 'cursor', message: 'is of a list with the order activity' }],
    ]);
  });
});
