import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { TestService } from '../../../test/support/test-service.js';
import fastpacaDefault, { createClient, fastpaca, NotFoundError, UnauthorizedError } from '../src/index.js';
import { HttpProxy } from './support/http-proxy.js';

const KEY = 'key-of-the-test';

let service: TestService;
let proxy: HttpProxy;
let client: ReturnType<typeof createClient>;
beforeAll(async () => {
  service = await TestService.start({ env: { FASTPACA_API_KEY: KEY } });
});
afterAll(() => service.stop());
beforeEach(async () => {
  proxy = await HttpProxy.start(service.url);
  client = createClient({ baseUrl: `${proxy.url}/v1`, apiKey: KEY });
});
afterEach(() => proxy.stop());

describe('client.context', () => {
  it('sends one PUT with only the given settings when it is awaited', async () => {
    await client.context('a').budget(10);
    expect(proxy.requests).toHaveLength(1);
    expect(proxy.requests[0]).toMatchObject({ method: 'PUT', path: '/v1/conversations/a' });
    expect(proxy.requests[0]!.body).toEqual({ token_budget: 10 });
  });

  it('sends one PUT, however often it is awaited', async () => {
    const builder = client.context('twice').budget(10);
    const [first, second] = await Promise.all([builder, builder]);
    expect(await builder).toBe(first);
    expect(second).toBe(first);
    expect(proxy.requests).toHaveLength(1);
  });

  it('sends nothing when it has no settings for the service', async () => {
    await client.context('a');
    await client.context('a').autoCompact(() => null);
    expect(proxy.requests).toEqual([]);
  });

  it('sends policy, trigger, model, reserved tokens and metadata in one PUT, and the service stores them', async () => {
    const policy = { strategy: 'time_window', config: { max_age_seconds: 60 } };
    const ctx = await client
      .context('settings')
      .budget(500)
      .policy(policy)
      .trigger(0.6)
      .model('claude-opus-5')
      .reserve(20)
      .metadata({ userName: 'é' });
    expect(proxy.requests.map(({ body }) => body)).toEqual([
      {
        token_budget: 500,
        policy,
        trigger_ratio: 0.6,
        model: 'claude-opus-5',
        reserve_tokens: 20,
        metadata: { userName: 'é' },
      },
    ]);
    expect(await ctx.get()).toEqual({
      id: 'settings',
      tokenBudget: 500,
      triggerRatio: 0.6,
      policy,
      metadata: { userName: 'é' },
      model: 'claude-opus-5',
      reserveTokens: 20,
      version: 0,
      lastSeq: 0,
      tombstoned: false,
      createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
      updatedAt: expect.stringMatching(/^\d{4}-.*Z$/),
    });
  });

  it('returns a new builder for each setting, and does not change the existing one', async () => {
    const small = client.context('fork').budget(10);
    const large = small.budget(1000).trigger(0.5);
    await small;
    await large;
    expect(proxy.requests.map(({ body }) => body)).toEqual([
      { token_budget: 10 },
      { token_budget: 1000, trigger_ratio: 0.5 },
    ]);
  });

  it('sends the settings again when it is awaited after an error', async () => {
    const builder = client.context('later').trigger(0.5);
    await expect(builder).rejects.toMatchObject({ status: 400, details: [{ path: 'token_budget' }] });
    await client.context('later').budget(10);
    expect((await (await builder).get()).triggerRatio).toBe(0.5);
  });

  it('resolves to a context that is not thenable', async () => {
    const ctx = await client.context('plain').budget(10);
    expect('then' in ctx).toBe(false);
    expect(await Promise.resolve(ctx)).toBe(ctx);
  });

  it('has the methods of a context, and sends its settings before the first request', async () => {
    const builder = client.context('direct').budget(1000);
    expect(await builder.append({ role: 'user', content: 'hi' })).toMatchObject({ seq: 1 });
    expect(await builder.append([{ role: 'user', content: 'a' }])).toMatchObject({ version: 2 });
    expect((await builder.window()).messages).toHaveLength(2);
    const replayed = [];
    for await (const { seq } of builder.replay({ fromSeq: -1 })) replayed.push(seq);
    expect(replayed).toEqual([2]);
    const compaction = { fromSeq: 1, toSeq: 1, replacement: [{ role: 'system', content: 's' } as const] };
    expect(await builder.compact(compaction)).toEqual({ version: 3, fromSeq: 1, toSeq: 1 });
    expect((await builder.get()).version).toBe(3);
    await builder.delete();
    expect((await builder.get()).tombstoned).toBe(true);
    expect(proxy.requestsTo('PUT', '/direct')).toHaveLength(1);
  });

  it('supports catch and finally like a promise', async () => {
    const order: string[] = [];
    const failing = client.context('nowhere').trigger(0.5);
    await failing.finally(() => order.push('finally')).catch(() => order.push('caught'));
    await failing.catch(() => order.push('caught'));
    expect(order).toEqual(['finally', 'caught', 'caught']);
  });

  it.each([
    ['budget', 0],
    ['budget', Number.NaN],
    ['budget', undefined],
    ['trigger', 0],
    ['trigger', 1.5],
    ['trigger', Number.NaN],
    ['policy', undefined],
    ['policy', 'last_n'],
    ['metadata', null],
    ['metadata', []],
  ] as const)('throws for %s(%p)', (setting, value) => {
    const builder = client.context('refused') as any;
    expect(() => builder[setting](value)).toThrow(new RegExp(`^${setting} `));
  });
});

describe('a conversation id', () => {
  it.each(['user:42/chat é', 'a?b#c%20', '100%', '.hidden', '…'])('is encoded in URLs: %p', async (id) => {
    const ctx = await client.context(id).budget(1000);
    await ctx.append({ role: 'user', content: 'hi' });
    expect(await ctx.get()).toMatchObject({ id, lastSeq: 1 });
    expect((await ctx.window()).messages).toHaveLength(1);
  });

  it.each(['', '.', '..', '\ud800', 7, undefined])('throws a TypeError for %p', (id) => {
    expect(() => client.context(id as string)).toThrow(TypeError);
  });

  it('throws a NotFoundError for an unknown conversation', async () => {
    const ctx = await client.context('never-made');
    await expect(ctx.window()).rejects.toBeInstanceOf(NotFoundError);
  });
});

describe('the API key', () => {
  it('is sent with every request, together with custom headers', async () => {
    client = createClient({ baseUrl: `${proxy.url}/v1/`, apiKey: `${KEY}\n`, headers: { 'x-team': 'a' } });
    const ctx = await client.context('keyed').budget(1000);
    await ctx.append({ role: 'user', content: 'hi' });
    await ctx.window();
    await ctx.compact({ fromSeq: 1, toSeq: 1, replacement: [{ role: 'system', content: 's' }] });
    await ctx.metadata({ a: 1 });
    await ctx.replay().next();
    const watching = ctx.watch({ cursor: 0 });
    await watching.next();
    await watching.return!();
    await ctx.delete();
    const headers = proxy.requests.map(({ method, path, headers }) => [
      `${method} ${path.split('?')[0]}`,
      headers.authorization,
      headers['x-team'],
    ]);
    expect(new Set(headers.map(([request]) => request)).size).toBe(9);
    for (const [, key, team] of headers) expect([key, team]).toEqual([`Bearer ${KEY}`, 'a']);
  });

  it('throws an UnauthorizedError when it is wrong', async () => {
    const wrongClient = createClient({ baseUrl: `${proxy.url}/v1`, apiKey: 'wrong' });
    await expect(wrongClient.context('a').get()).rejects.toBeInstanceOf(UnauthorizedError);
    expect(proxy.requests).toHaveLength(1);
  });
});

describe('the fastpaca export', () => {
  it('is also the default export, and reads the environment at its first use', async () => {
    expect(fastpacaDefault).toBe(fastpaca);
    const { FASTPACA_URL, FASTPACA_API_KEY } = process.env;
    Object.assign(process.env, { FASTPACA_URL: `${proxy.url}/v1`, FASTPACA_API_KEY: KEY });
    const ctx = await fastpaca.context('ready-made').budget(10);
    Object.assign(process.env, { FASTPACA_URL, FASTPACA_API_KEY });
    for (const name of ['FASTPACA_URL', 'FASTPACA_API_KEY']) {
      if (process.env[name] === 'undefined') Reflect.deleteProperty(process.env, name);
    }
    expect((await ctx.get()).tokenBudget).toBe(10);
    expect(proxy.requests).toHaveLength(2);
  });
});

describe('createClient', () => {
  it('adds /v1 to a base URL without a path', async () => {
    client = createClient({ baseUrl: proxy.url, apiKey: KEY });
    await client.context('short-url').budget(10);
    expect(proxy.requests[0]!.path).toBe('/v1/conversations/short-url');
  });

  it('uses the given fetch', async () => {
    const urls: string[] = [];
    const recordingFetch: typeof fetch = (url, init) => {
      urls.push(url as string);
      return fetch(url, init);
    };
    await createClient({ baseUrl: proxy.url, apiKey: KEY, fetch: recordingFetch })
      .context('own-fetch')
      .budget(10);
    expect(urls).toEqual([`${proxy.url}/v1/conversations/own-fetch`]);
  });

  it.each([
    [{ baseUrl: 'localhost:4000/v1' }, /^baseUrl must begin with http/],
    [{ baseUrl: 'not a url' }, /^baseUrl is not a URL/],
    [{ baseUrl: '' }, /^baseUrl is not a URL/],
    [{ timeoutMs: 0 }, /^timeoutMs must be/],
    [{ timeoutMs: Number.POSITIVE_INFINITY }, /^timeoutMs must be/],
    [{ maxRetries: -1 }, /^maxRetries must be/],
    [{ maxRetries: Number.NaN }, /^maxRetries must be/],
  ])('throws for %p', (options, message) => {
    expect(() => createClient(options)).toThrow(message);
  });
});
