import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../../../test/support/eventually.js';
import { TestService } from '../../../test/support/test-service.js';
import { ConflictError, ConnectionError, createClient, TimeoutError, type Context } from '../src/index.js';
import { allOf } from './support/all-of.js';
import { ClientTimers } from './support/client-timers.js';
import { HttpProxy } from './support/http-proxy.js';

/** Longer than any test. A test of the timeout expires it by hand. */
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
const bodies = () => proxy.requests.map(({ body }) => body);

describe('ctx.append of one event', () => {
  it('sends the content as it is, and the service stores a text as one part', async () => {
    expect(await ctx.append({ role: 'user', content: 'hello' })).toEqual({
      seq: 1,
      version: 1,
      tokenEstimate: 5,
    });
    expect(bodies()).toEqual([
      {
        event: { role: 'user', content: 'hello' },
        idempotency_key: expect.stringMatching(/^[\da-f-]{36}$/),
      },
    ]);
    expect((await log())[0]).toMatchObject({ parts: [{ type: 'text', text: 'hello' }] });
  });

  it('sends what the provider has counted for the window', async () => {
    const usage = { model: 'claude-opus-5', windowVersion: 1, inputTokens: 2412 };
    await ctx.append({ role: 'user', content: 'hello' });
    await ctx.append({ role: 'assistant', content: 'Hi' }, { usage });
    await ctx.append([{ role: 'assistant', content: 'Hi' }], { usage });
    const sent = { model: 'claude-opus-5', window_version: 1, input_tokens: 2412 };
    expect(bodies().map((body) => body.usage)).toEqual([undefined, sent, sent]);
    for (const wrong of [{ windowVersion: -1 }, { inputTokens: 0 }, { inputTokens: Number.NaN }])
      await expect(
        ctx.append({ role: 'user', content: 'x' }, { usage: { ...usage, ...wrong } }),
      ).rejects.toThrow(/^usage\./);
    expect(bodies()).toHaveLength(3);
  });

  it('sends an empty text as it is', async () => {
    await ctx.append({ role: 'user', content: '' });
    expect(bodies()[0].event).toEqual({ role: 'user', content: '' });
    expect((await ctx.window()).messages[0]).toMatchObject({
      parts: [{ type: 'text', text: '' }],
      content: '',
    });
  });

  it('appends messages of OpenAI with tool calls and without content', async () => {
    const call = { id: 'c', type: 'function', function: { name: 'f', arguments: '{"a":1}' } };
    await ctx.append([
      { role: 'assistant', content: null, tool_calls: [call] },
      { role: 'tool', tool_call_id: 'c', content: 'r' },
      { role: 'assistant', tool_calls: [call] },
    ]);
    const { messages } = await ctx.window();
    expect(messages[0]).toMatchObject({ parts: [], tool_calls: [call] });
    expect(messages[0]!.content).toEqual([
      { type: 'tool-call', toolCallId: 'c', toolName: 'f', input: { a: 1 } },
    ]);
    expect(messages[1]!.content).toEqual([
      { type: 'tool-result', toolCallId: 'c', toolName: 'f', output: { type: 'text', value: 'r' } },
    ]);
  });

  it('stores an array as parts, and prefers parts to content', async () => {
    const parts = [{ type: 'tool-result', toolCallId: 'c', toolName: 't', output: { someKey: [1.5, null] } }];
    await ctx.append({ role: 'tool', content: parts });
    await ctx.append({ role: 'assistant', content: 'ignored', parts });
    for (const event of await log()) {
      expect(event).toMatchObject({ parts });
      expect(event).not.toHaveProperty('content');
    }
  });

  it('keeps unknown fields and the case of their names', async () => {
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

  it('appends events and messages that were read, without their seq, version and time', async () => {
    await ctx.append({ role: 'user', content: 'hi', metadata: { a: 1 } });
    const [read] = await allOf(ctx.replay());
    const [message] = (await ctx.window()).messages;
    await ctx.append([read!, message!]);
    const [first, second, third] = await log();
    const content = { role: 'user', parts: [{ type: 'text', text: 'hi' }], metadata: { a: 1 } };
    const serverFields = { token_estimate: 5, inserted_at: expect.any(String) };
    expect(first).toEqual({ ...content, ...serverFields, seq: 1, version: 1 });
    expect(second).toEqual({ ...content, ...serverFields, seq: 2, version: 2 });
    expect(third).toEqual({ ...content, ...serverFields, seq: 3, version: 3 });
  });

  it.each([
    [{ role: 'user' }, /needs content .* has neither/],
    [{ role: 'user', content: 7 }, /has number as content/],
    [{ role: 'user', content: { text: 'a' } }, /has object as content/],
    ['hello', /An event is an object .* not string/],
    [null, /not null/],
    [{ role: 'user', content: 'a', tokenCount: Number.NaN }, /^tokenCount must be an integer/],
  ])('rejects %p with an explanation, and sends nothing', async (event, message) => {
    await expect(ctx.append(event as any)).rejects.toThrow(message);
    expect(proxy.requests).toEqual([]);
  });
});

describe('ctx.append of a turn', () => {
  it('sends one request, and stores the events in the given order', async () => {
    const turn = ['one', 'two', 'three'].map((content) => ({ role: 'user' as const, content }));
    expect(await ctx.append(turn)).toEqual({
      version: 3,
      events: [1, 2, 3].map((seq) => ({ seq, version: seq, tokenEstimate: expect.any(Number) })),
    });
    expect(proxy.requests).toHaveLength(1);
    expect((await log()).map((event: any) => event.parts[0].text)).toEqual(['one', 'two', 'three']);
  });
});

describe('ctx.append with ifVersion', () => {
  it('throws a ConflictError with both versions when ifVersion is stale, without a retry', async () => {
    await ctx.append({ role: 'user', content: 'a' }, { ifVersion: 0 });
    expect(bodies()[0]).toMatchObject({ if_version: 0 });
    const error = await ctx.append({ role: 'user', content: 'b' }, { ifVersion: 0 }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ConflictError);
    expect(error).toMatchObject({
      name: 'ConflictError',
      status: 409,
      code: 'conflict',
      reason: 'version_mismatch',
      expected: 0,
      actual: 1,
      requestId: expect.any(String),
    });
    expect(proxy.requests).toHaveLength(2);
    expect(await log()).toHaveLength(1);
  });

  it.each([Number.NaN, 1.5, -1, null, '1'])('rejects %p instead of omitting it', async (ifVersion) => {
    const append = ctx.append({ role: 'user', content: 'a' }, { ifVersion: ifVersion as number });
    await expect(append).rejects.toThrow(/^ifVersion must be/);
    expect(await log()).toEqual([]);
  });
});

describe('ctx.append without a response', () => {
  it.each([
    ['the response is lost', { type: 'drop-response' }],
    ['the response is truncated', { type: 'truncate-response', bytes: 10 }],
    ['the request times out', { type: 'hang' }],
    ['the request is lost', { type: 'drop-request' }],
    ['the status is 503', { type: 'respond', status: 503, headers: { 'retry-after': '0' } }],
    ['the status is 429', { type: 'respond', status: 429 }],
    ['a proxy responds with 502', { type: 'respond', status: 502, body: '<html>' }],
  ] as const)('retries with the same key and stores one event when %s', async (_, interception) => {
    proxy.interceptNext(interception);
    const timers = new ClientTimers();
    const append = ctx.append({ role: 'user', content: 'once' });
    if (interception.type === 'hang') {
      await eventually('the request', () => proxy.requests.length === 1);
      timers.expire((ms) => ms === TIMEOUT_MS);
    }
    const result = await append;
    timers.restore();
    expect(result).toMatchObject({ seq: 1, version: 1 });
    expect(proxy.requests).toHaveLength(2);
    expect(bodies()[1]).toEqual(bodies()[0]);
    expect(await log()).toHaveLength(1);
  });

  it('sends the idempotency key of the caller, and returns deduped for a repeated append', async () => {
    const append = () => ctx.append({ role: 'user', content: 'once' }, { idempotencyKey: 'mine' });
    proxy.interceptNext({ type: 'drop-response' });
    expect(await append()).toEqual({ seq: 1, version: 1, tokenEstimate: expect.any(Number), deduped: true });
    expect(await append()).toMatchObject({ seq: 1, deduped: true });
    expect(bodies().map(({ idempotency_key }) => idempotency_key)).toEqual(['mine', 'mine', 'mine']);
    await expect(
      ctx.append({ role: 'user', content: 'else' }, { idempotencyKey: 'mine' }),
    ).rejects.toMatchObject({ reason: 'idempotency_conflict' });
    expect(await log()).toHaveLength(1);
  });

  it('throws a ConnectionError with its cause after the last retry', async () => {
    const ctxWithOneRetry = await createClient({ baseUrl: proxy.url, maxRetries: 1 }).context(ctx.id);
    proxy.interceptNext({ type: 'drop-request' });
    proxy.interceptNext({ type: 'drop-request' });
    const error = await ctxWithOneRetry.append({ role: 'user', content: 'a' }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toMatchObject({ code: 'connection_failed', cause: { message: 'fetch failed' } });
    expect(proxy.requests).toHaveLength(2);
  });

  it('throws a TimeoutError after timeoutMs', async () => {
    const ctxWithTimeout = await createClient({ baseUrl: proxy.url, maxRetries: 0, timeoutMs: 50 }).context(
      ctx.id,
    );
    proxy.interceptNext({ type: 'hang' });
    const error = await ctxWithTimeout.append({ role: 'user', content: 'a' }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ code: 'timeout', message: expect.stringContaining('within 50 ms') });
  });

  it('rejects with the reason of the signal as soon as the caller aborts', async () => {
    const controller = new AbortController();
    proxy.interceptNext({ type: 'hang' });
    const append = ctx.append({ role: 'user', content: 'a' }, { signal: controller.signal });
    const reason = new Error('enough');
    const outcome = expect(append).rejects.toBe(reason);
    await eventually('the request', () => proxy.requests.length === 1);
    controller.abort(reason);
    await outcome;
    await expect(ctx.append({ role: 'user', content: 'a' }, { signal: controller.signal })).rejects.toBe(
      reason,
    );
    expect(proxy.requests).toHaveLength(1);
  });

  it('rejects when the caller aborts during the pause before a retry', async () => {
    const controller = new AbortController();
    proxy.interceptNext({ type: 'respond', status: 503, headers: { 'retry-after': '21' } });
    const timers = new ClientTimers();
    const append = ctx.append({ role: 'user', content: 'a' }, { signal: controller.signal });
    const outcome = expect(append).rejects.toMatchObject({ name: 'AbortError' });
    await timers.waitForTimer((ms) => ms === 21_000);
    timers.restore();
    controller.abort();
    await outcome;
    expect(proxy.requests).toHaveLength(1);
  });
});
