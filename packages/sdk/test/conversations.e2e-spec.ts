import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { TestService } from '../../../test/support/test-service.js';
import { createClient, fastpaca, InvalidRequestError, type Client } from '../src/index.js';
import { allOf } from './support/all-of.js';
import { HttpProxy } from './support/http-proxy.js';

let service: TestService;
let proxy: HttpProxy;
let client: Client;
beforeAll(async () => {
  service = await TestService.start();
  const setUp = createClient({ baseUrl: service.url });
  for (let n = 0; n < 5; n += 1)
    await setUp
      .context(`c${n}`)
      .budget(1000)
      .metadata({ user: 'ü&=', n, even: n % 2 === 0, 'a b': 'x' });
  await setUp.context('c4').delete();
});
afterAll(() => service.stop());
beforeEach(async () => {
  proxy = await HttpProxy.start(service.url);
  client = createClient({ baseUrl: proxy.url });
});
afterEach(() => proxy.stop());

const idsOf = async (list: AsyncIterable<{ id: string }>) => (await allOf(list)).map(({ id }) => id);

describe('client.conversations.list', () => {
  it('has the records, the newest first', async () => {
    const [first, ...others] = await allOf(client.conversations.list());
    expect(first).toEqual(await client.context('c3').get());
    expect(others.map(({ id }) => id)).toEqual(['c2', 'c1', 'c0']);
    expect(await idsOf(client.conversations.list({ order: 'created' }))).toEqual(['c3', 'c2', 'c1', 'c0']);
  });

  it('filters by metadata, and lists deleted conversations', async () => {
    const { conversations } = client;
    expect(await idsOf(conversations.list({ metadata: { user: 'ü&=', 'a b': 'x', even: true } }))).toEqual([
      'c2',
      'c0',
    ]);
    expect(await idsOf(conversations.list({ metadata: { n: 3 } }))).toEqual(['c3']);
    expect(await idsOf(conversations.list({ metadata: { n: 3, even: true } }))).toEqual([]);
    expect(await idsOf(conversations.list({ tombstoned: true, metadata: { n: 4 } }))).toEqual(['c4']);
  });

  it('reads a page when the iteration reaches it', async () => {
    const page = client.conversations.page.bind(client.conversations);
    const cursors: unknown[] = [];
    client.conversations.page = async (options) => {
      cursors.push(options?.cursor);
      return page({ ...options, limit: 2 });
    };
    const found: string[] = [];
    for await (const { id } of client.conversations.list()) {
      found.push(id);
      expect(cursors).toHaveLength(Math.ceil(found.length / 2));
    }
    expect(found).toEqual(['c3', 'c2', 'c1', 'c0']);
  });

  it('is ended by its signal', async () => {
    const controller = new AbortController();
    controller.abort(new Error('stopped'));
    await expect(allOf(client.conversations.list({ signal: controller.signal }))).rejects.toThrow('stopped');
    expect(proxy.requests).toEqual([]);
  });
});

describe('client.conversations.page', () => {
  it('has a cursor until the end', async () => {
    const first = await client.conversations.page({ limit: 3 });
    expect(first.conversations.map(({ id }) => id)).toEqual(['c3', 'c2', 'c1']);
    const second = await client.conversations.page({ limit: 3, cursor: first.nextCursor ?? '' });
    expect(second).toMatchObject({ conversations: [{ id: 'c0' }], nextCursor: null });
  });

  it('rejects invalid options', async () => {
    await expect(client.conversations.page({ limit: 0 })).rejects.toThrow(RangeError);
    await expect(client.conversations.page({ cursor: 'x' })).rejects.toThrow(InvalidRequestError);
    await expect(client.conversations.page({ order: 'newest' as 'created' })).rejects.toThrow(
      InvalidRequestError,
    );
  });
});

it('the default client lists the conversations of FASTPACA_URL', async () => {
  process.env.FASTPACA_URL = `${service.url}/v1`;
  expect(await idsOf(fastpaca.conversations.list())).toHaveLength(4);
});
