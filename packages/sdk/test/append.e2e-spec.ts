import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../../../test/support/eventually.js';
import { TestService } from '../../../test/support/test-service.js';
import { ConflictError, ConnectionError, createClient, TimeoutError, type Context } from '../src/index.js';
import { allOf } from './support/all-of.js';
import { ClientTimers } from './support/client-timers.js';
import { HttpProxy } from './support/http-proxy.js';

/** Never over by itself: the test that needs it to be ends it. */
const TIMEOUT_MS = 1_234_567;

let service: TestService;
let proxy: HttpProxy;
let ctx: Context;
let conversations = 0;
beforeAll(async () => {
  service = await TestService.start();
});
afterAll(() => service.stop());
beforeEach(async () => {
  proxy = await HttpProxy.start(service.url);
  const id = `append-${(conversations += 1)}`;
  await service.http.put(id);
  ctx = await createClient({ baseUrl: `${proxy.url}/v1`, timeoutMs: TIMEOUT_MS }).context(id);
});
afterEach(() => proxy.stop());

const log = async () => (await service.http.events(ctx.id)).body.events;
const bodies = () => proxy.seen.map(({ body }) => body);

describe('an event', () => {
  it('with a text as content has one text part, and no content', async () => {
    expect(await ctx.append({ role: 'user', content: 'hello' })).toEqual({
      seq: 1,
      version: 1,
      tokenEstimate: 5,
    });
    expect(bodies()).toEqual([
      {
        event: { role: 'user', parts: [{ type: 'text', text: 'hello' }] },
        idempotency_key: expect.stringMatching(/^[\da-f-]{36}$/),
      },
    ]);
  });

  it('with an array as content has these parts, and parts win over content', async () => {
    const parts = [{ type: 'tool-result', toolCallId: 'c', toolName: 't', output: { someKey: [1.5, null] } }];
    await ctx.append({ role: 'tool', content: parts });
    await ctx.append({ role: 'assistant', content: 'ignored', parts });
    for (const event of await log()) {
      expect(event).toMatchObject({ parts });
      expect(event).not.toHaveProperty('content');
    }
  });

  it('keeps unknown fields, and the spelling of their names', async () => {
    const event = {
      role: 'user' as const,
      id: 'mine',
      metadata: { userName: 'a', user_name: 'b' },
      parts: [{ type: 'geo', latLng: { someDeep: { camelCase: 1, snake_case: 2 } } }],
      replyTo: 'x',
      reply_to: 'y',
      tokenCount: 77,
    };
    expect(await ctx.append(event)).toMatchObject({ tokenEstimate: 77 });
    const { tokenCount, ...verbatim } = event;
    expect((await log())[0]).toMatchObject({ ...verbatim, token_count: tokenCount });
    const [read] = await allOf(ctx.replay());
    expect(read).toEqual({
      ...event,
      seq: 1,
      version: 1,
      tokenEstimate: 77,
      insertedAt: expect.stringMatching(/Z$/),
    });
  });

  it('of one log can be appended to another as it was read', async () => {
    await ctx.append({ role: 'user', content: 'hi', metadata: { a: 1 } });
    const [read] = await allOf(ctx.replay());
    const [message] = (await ctx.window()).messages;
    await ctx.append([read!, message!]);
    const [first, second, third] = await log();
    const own = { role: 'user', parts: [{ type: 'text', text: 'hi' }], metadata: { a: 1 } };
    const served = { token_estimate: 5, inserted_at: expect.any(String) };
    expect(first).toEqual({ ...own, ...served, seq: 1, version: 1 });
    expect(second).toEqual({ ...own, ...served, seq: 2, version: 2 });
    expect(third).toEqual({ ...own, ...served, seq: 3, version: 3 });
  });

  it.each([
    [{ role: 'user' }, /needs content .* has neither/],
    [{ role: 'user', content: 7 }, /has number as content/],
    [{ role: 'user', content: { text: 'a' } }, /has object as content/],
    ['hello', /An event is an object .* not string/],
    [null, /not null/],
    [{ role: 'user', content: 'a', tokenCount: Number.NaN }, /^tokenCount must be an integer/],
  ])('%p is refused with what to do, and not sent', async (event, message) => {
    await expect(ctx.append(event as any)).rejects.toThrow(message);
    expect(proxy.seen).toEqual([]);
  });
});

describe('a turn', () => {
  it('is one request, and answered in the order it was given', async () => {
    const turn = ['one', 'two', 'three'].map((content) => ({ role: 'user' as const, content }));
    expect(await ctx.append(turn)).toEqual({
      version: 3,
      events: [1, 2, 3].map((seq) => ({ seq, version: seq, tokenEstimate: expect.any(Number) })),
    });
    expect(proxy.seen).toHaveLength(1);
    expect((await log()).map((event: any) => event.parts[0].text)).toEqual(['one', 'two', 'three']);
  });
});

describe('a guard', () => {
  it('of 0 is sent, and stale is a ConflictError with both versions that is not tried again', async () => {
    await ctx.append({ role: 'user', content: 'a' }, { ifVersion: 0 });
    expect(bodies()[0]).toMatchObject({ if_version: 0 });
    const refused = await ctx
      .append({ role: 'user', content: 'b' }, { ifVersion: 0 })
      .catch((e: unknown) => e);
    expect(refused).toBeInstanceOf(ConflictError);
    expect(refused).toMatchObject({
      name: 'ConflictError',
      status: 409,
      code: 'conflict',
      reason: 'version_mismatch',
      expected: 0,
      actual: 1,
      requestId: expect.any(String),
    });
    expect(proxy.seen).toHaveLength(2);
    expect(await log()).toHaveLength(1);
  });

  it.each([Number.NaN, 1.5, -1, null, '1'])('of %p is refused, not lost', async (ifVersion) => {
    const append = ctx.append({ role: 'user', content: 'a' }, { ifVersion: ifVersion as number });
    await expect(append).rejects.toThrow(/^ifVersion must be/);
    expect(await log()).toEqual([]);
  });
});

describe('an append whose answer does not come', () => {
  it.each([
    ['is lost with the connection', { type: 'lose-answer' }],
    ['is cut short', { type: 'truncate', bytes: 10 }],
    ['takes too long', { type: 'hang' }],
    ['would follow a request that was dropped', { type: 'drop' }],
    ['is 503', { type: 'answer', status: 503, headers: { 'retry-after': '0' } }],
    ['is 429', { type: 'answer', status: 429 }],
    ['is 502 of a proxy', { type: 'answer', status: 502, body: '<html>' }],
  ] as const)('since it %s is sent again with the same key, and is one event', async (_, fault) => {
    proxy.next(fault);
    const timers = new ClientTimers();
    const append = ctx.append({ role: 'user', content: 'once' });
    if (fault.type === 'hang') {
      await eventually('the request', () => proxy.seen.length === 1);
      timers.runOut((ms) => ms === TIMEOUT_MS);
    }
    const result = await append;
    timers.restore();
    expect(result).toMatchObject({ seq: 1, version: 1 });
    expect(proxy.seen).toHaveLength(2);
    expect(bodies()[1]).toEqual(bodies()[0]);
    expect(await log()).toHaveLength(1);
  });

  it('carries the key of the caller, and says when it was written before', async () => {
    const append = () => ctx.append({ role: 'user', content: 'once' }, { idempotencyKey: 'mine' });
    proxy.next({ type: 'lose-answer' });
    expect(await append()).toEqual({ seq: 1, version: 1, tokenEstimate: expect.any(Number), deduped: true });
    expect(await append()).toMatchObject({ seq: 1, deduped: true });
    expect(bodies().map(({ idempotency_key }) => idempotency_key)).toEqual(['mine', 'mine', 'mine']);
    await expect(
      ctx.append({ role: 'user', content: 'else' }, { idempotencyKey: 'mine' }),
    ).rejects.toMatchObject({ reason: 'idempotency_conflict' });
    expect(await log()).toHaveLength(1);
  });

  it('fails with the cause when the retries are used up', async () => {
    const once = await createClient({ baseUrl: proxy.url, maxRetries: 1 }).context(ctx.id);
    proxy.next({ type: 'drop' });
    proxy.next({ type: 'drop' });
    const error = await once.append({ role: 'user', content: 'a' }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toMatchObject({ code: 'connection_failed', cause: { message: 'fetch failed' } });
    expect(proxy.seen).toHaveLength(2);
  });

  it('is a TimeoutError after timeoutMs', async () => {
    const hasty = await createClient({ baseUrl: proxy.url, maxRetries: 0, timeoutMs: 50 }).context(ctx.id);
    proxy.next({ type: 'hang' });
    const error = await hasty.append({ role: 'user', content: 'a' }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ code: 'timeout', message: expect.stringContaining('within 50 ms') });
  });

  it('ends as soon as the caller aborts, with the reason of the caller', async () => {
    const controller = new AbortController();
    proxy.next({ type: 'hang' });
    const append = ctx.append({ role: 'user', content: 'a' }, { signal: controller.signal });
    const reason = new Error('enough');
    const outcome = expect(append).rejects.toBe(reason);
    await eventually('the request', () => proxy.seen.length === 1);
    controller.abort(reason);
    await outcome;
    await expect(ctx.append({ role: 'user', content: 'a' }, { signal: controller.signal })).rejects.toBe(
      reason,
    );
    expect(proxy.seen).toHaveLength(1);
  });

  it('is not waited for in a pause between two tries, when the caller aborts', async () => {
    const controller = new AbortController();
    proxy.next({ type: 'answer', status: 503, headers: { 'retry-after': '21' } });
    const timers = new ClientTimers();
    const append = ctx.append({ role: 'user', content: 'a' }, { signal: controller.signal });
    const outcome = expect(append).rejects.toMatchObject({ name: 'AbortError' });
    await timers.isSet((ms) => ms === 21_000);
    timers.restore();
    controller.abort();
    await outcome;
    expect(proxy.seen).toHaveLength(1);
  });
});
