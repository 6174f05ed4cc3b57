import { EventEmitter, once } from 'node:events';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { TestService } from '../../../test/support/test-service.js';
import { ConnectionError, createClient, type AutoCompact, type Context, type Window } from '../src/index.js';
import { HttpProxy } from './support/http-proxy.js';

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
  // A message of these tests has 5 tokens, so 13 messages exceed 0.6 × 100 tokens.
  ctx = await createClient({ baseUrl: proxy.url })
    .context(`compact-${(conversations += 1)}`)
    .budget(100)
    .trigger(0.6);
});
afterEach(() => proxy.stop());

const summary = (content: string) => ({ role: 'system' as const, content });
const appendMessages = (count: number) =>
  ctx.append(Array.from({ length: count }, () => ({ role: 'user' as const, content: 'hello' })));
const shape = ({ messages }: Window) => messages.map(({ role, seq, content }) => [role, seq, content]);
const compactions = () => proxy.requestsTo('POST', '/compact').map(({ body }) => body);
const reads = () => proxy.requestsTo('GET', '/window');

describe('ctx.compact of a range', () => {
  it("replaces the range in the window, and accepts a window's messages as the replacement", async () => {
    await appendMessages(12);
    const { messages } = await ctx.window();
    const head = messages.slice(0, -10);
    expect(
      await ctx.compact({
        fromSeq: head[0]!.seq,
        toSeq: head.at(-1)!.seq,
        replacement: [summary('greetings'), ...head.slice(1)],
      }),
    ).toEqual({ version: 13, fromSeq: 1, toSeq: 2 });
    expect(compactions()[0]).toEqual({
      from_seq: 1,
      to_seq: 2,
      replacement: [
        { role: 'system', content: 'greetings' },
        { role: 'user', parts: [{ type: 'text', text: 'hello' }] },
      ],
    });
    expect(shape(await ctx.window()).slice(0, 3)).toEqual([
      ['system', 1, 'greetings'],
      ['user', 1, 'hello'],
      ['user', 3, 'hello'],
    ]);
  });

  it('extends a range that ends with the seq of a summary to the whole summary', async () => {
    await appendMessages(6);
    await ctx.compact({ fromSeq: 2, toSeq: 4, replacement: [summary('two to four')] });
    const { messages } = await ctx.window();
    const [first, second] = messages;
    await ctx.compact({ fromSeq: first!.seq, toSeq: second!.seq, replacement: [summary('one to four')] });
    expect(shape(await ctx.window())).toEqual([
      ['system', 1, 'one to four'],
      ['user', 5, 'hello'],
      ['user', 6, 'hello'],
    ]);
    expect(compactions().at(-1)).toMatchObject({ from_seq: 1, to_seq: 4, if_version: 7 });
  });

  it('rejects a range that contains only a part of a summary', async () => {
    await appendMessages(6);
    await ctx.compact({ fromSeq: 2, toSeq: 4, replacement: [summary('two to four')] });
    await expect(ctx.compact({ fromSeq: 1, toSeq: 3, replacement: [summary('no')] })).rejects.toMatchObject({
      status: 400,
      reason: 'range_overlap',
    });
  });

  it('throws a ConflictError when ifVersion is stale', async () => {
    await appendMessages(2);
    await expect(
      ctx.compact({ fromSeq: 1, toSeq: 1, replacement: [summary('no')], ifVersion: 1 }),
    ).rejects.toMatchObject({ status: 409, expected: 1, actual: 2 });
    expect(compactions()).toHaveLength(1);
  });

  it('is retried only if the service has certainly not processed the request', async () => {
    await appendMessages(2);
    const isCompaction = ({ path }: { path: string }) => path.endsWith('/compact');
    proxy.interceptNext({ type: 'drop-response' }, isCompaction);
    const range = { fromSeq: 1, toSeq: 1, replacement: [summary('once')] };
    await expect(ctx.compact(range)).rejects.toBeInstanceOf(ConnectionError);
    expect(compactions()).toHaveLength(1);
    expect((await ctx.get()).version).toBe(3);

    proxy.interceptNext({ type: 'respond', status: 503, headers: { 'retry-after': '0' } }, isCompaction);
    expect(await ctx.compact(range)).toEqual({ version: 4, fromSeq: 1, toSeq: 1 });
    expect(compactions()).toHaveLength(3);
  });

  it.each([
    [{ fromSeq: Number.NaN, toSeq: 1 }, /^fromSeq must be/],
    [{ fromSeq: 1, toSeq: undefined }, /^toSeq must be/],
    [{ fromSeq: 1, toSeq: 1, ifVersion: Number.NaN }, /^ifVersion must be/],
  ])('rejects %p and sends nothing', async (range, message) => {
    await expect(ctx.compact({ ...range, replacement: [summary('no')] } as never)).rejects.toThrow(message);
    expect(compactions()).toEqual([]);
  });
});

describe('ctx.compact with messages', () => {
  it('replaces the whole conversation, including earlier summaries and events that the policy omits', async () => {
    const { id } = await createClient({ baseUrl: proxy.url })
      .context(ctx.id)
      .policy({ strategy: 'last_n', config: { limit: 3 } });
    await appendMessages(5);
    await ctx.compact({ fromSeq: 4, toSeq: 4, replacement: [summary('four')] });
    const { messages } = await ctx.window();
    await ctx.compact({ messages: [summary('all of it'), messages.at(-1)!] });
    expect(id).toBe(ctx.id);
    expect(shape(await ctx.window())).toEqual([
      ['system', 1, 'all of it'],
      ['user', 1, 'hello'],
    ]);
    expect(compactions().at(-1)).toMatchObject({ from_seq: 1, to_seq: 5, if_version: 6 });
    await appendMessages(1);
    expect(shape(await ctx.window()).at(-1)).toEqual(['user', 6, 'hello']);
  });

  it('throws a ConflictError when the conversation has changed since ifVersion', async () => {
    await appendMessages(2);
    const { version, messages } = await ctx.window();
    await appendMessages(1);
    await expect(ctx.compact({ messages, ifVersion: version })).rejects.toMatchObject({
      reason: 'version_mismatch',
    });
    expect((await ctx.window()).messages).toHaveLength(3);
  });

  it('rejects an empty conversation', async () => {
    await expect(ctx.compact({ messages: [summary('nothing')] })).rejects.toThrow(/nothing to compact/);
  });
});

describe('ctx.autoCompact', () => {
  const lastTen: AutoCompact = ({ messages }) => {
    const head = messages.slice(0, -10);
    return {
      fromSeq: head[0]!.seq,
      toSeq: head.at(-1)!.seq,
      replacement: [summary(`${head.length} greetings`)],
    };
  };

  it('calls the handler once when a window needs compaction, and returns the compacted window', async () => {
    const windows: Window[] = [];
    ctx.autoCompact((window) => {
      windows.push(window);
      return lastTen(window);
    });
    await appendMessages(12);
    expect(await ctx.window()).toMatchObject({ needsCompaction: false, version: 12 });
    expect(windows).toEqual([]);

    await appendMessages(1);
    const window = await ctx.window({ ifVersion: 13 });
    expect(windows).toHaveLength(1);
    expect(windows[0]).toMatchObject({ version: 13, needsCompaction: true });
    expect(compactions()).toEqual([expect.objectContaining({ from_seq: 1, to_seq: 3, if_version: 13 })]);
    expect(window).toMatchObject({ version: 14, needsCompaction: false });
    expect(shape(window)[0]).toEqual(['system', 1, '3 greetings']);
    expect(reads()).toHaveLength(3);
  });

  it('can be set on the builder, and accepts a handler that returns messages', async () => {
    const client = createClient({ baseUrl: proxy.url });
    const auto = await client
      .context(ctx.id)
      .autoCompact(({ messages }) => ({ messages: [summary('all'), ...messages.slice(-1)] }));
    await appendMessages(13);
    expect(shape(await auto.window())).toEqual([
      ['system', 1, 'all'],
      ['user', 1, 'hello'],
    ]);
  });

  it('extends a range of the handler that ends with a summary to the whole summary', async () => {
    await appendMessages(13);
    await ctx.compact({ fromSeq: 1, toSeq: 2, replacement: [summary('hello hello hello')] });
    ctx.autoCompact(({ messages }) => ({
      fromSeq: messages[0]!.seq,
      toSeq: messages[0]!.seq,
      replacement: [summary('shorter')],
    }));
    const sentBefore = proxy.requestsTo('POST', '/compact').length;
    expect(shape(await ctx.window())[0]).toEqual(['system', 1, 'shorter']);
    expect(compactions()).toHaveLength(sentBefore + 1);
  });

  it('calls the handler a second and last time when the conversation changes during the first call', async () => {
    await appendMessages(13);
    const versions: number[] = [];
    ctx.autoCompact(async (window) => {
      versions.push(window.version);
      if (versions.length === 1) await appendMessages(1);
      return lastTen(window);
    });
    expect(await ctx.window()).toMatchObject({ version: 15, needsCompaction: false });
    expect(versions).toEqual([13, 14]);
    expect(compactions().map(({ if_version }) => if_version)).toEqual([13, 14]);

    versions.length = 0;
    await appendMessages(5);
    ctx.autoCompact(async (window) => {
      versions.push(window.version);
      await appendMessages(1);
      return lastTen(window);
    });
    expect(await ctx.window()).toMatchObject({ version: 22, needsCompaction: true });
    expect(versions).toEqual([20, 21]);
  });

  it('returns the uncompacted window when the handler returns null', async () => {
    await appendMessages(13);
    ctx.autoCompact(() => null);
    expect(await ctx.window()).toMatchObject({ version: 13, needsCompaction: true });
    expect(compactions()).toEqual([]);
  });

  it('does not call the handler again when the compacted window still needs compaction', async () => {
    await appendMessages(14);
    let calls = 0;
    ctx.autoCompact(() => {
      calls += 1;
      return { fromSeq: 1, toSeq: 1, replacement: [summary('hello')] };
    });
    expect((await ctx.window()).needsCompaction).toBe(true);
    expect(calls).toBe(1);
  });

  it('rejects with the error of the handler, or reports it to onError and returns the uncompacted window', async () => {
    await appendMessages(13);
    const error = new Error('no summary today');
    ctx.autoCompact(() => Promise.reject(error));
    await expect(ctx.window()).rejects.toBe(error);
    const reported: unknown[] = [];
    ctx.autoCompact(() => Promise.reject(error), { onError: (reason) => reported.push(reason) });
    expect(await ctx.window()).toMatchObject({ version: 13, needsCompaction: true });
    expect(reported).toEqual([error]);
  });

  it('calls the handler once for simultaneous calls on several contexts of a client', async () => {
    await appendMessages(13);
    let calls = 0;
    const handler: AutoCompact = (window) => {
      calls += 1;
      return lastTen(window);
    };
    const client = createClient({ baseUrl: proxy.url });
    const contexts = [1, 2, 3].map(() => client.context(ctx.id).autoCompact(handler));
    const windows = await Promise.all(contexts.map((context) => context.window()));
    expect(windows.map(({ version }) => version)).toEqual([14, 14, 14]);
    expect(calls).toBe(1);
  });

  it('returns the uncompacted window to its own handler, and makes other callers wait', async () => {
    await appendMessages(13);
    const needsCompactionInHandler: boolean[] = [];
    const later = new EventEmitter();
    let late: Promise<Window> | undefined;
    let calls = 0;
    ctx.autoCompact(async (window) => {
      calls += 1;
      needsCompactionInHandler.push((await ctx.window()).needsCompaction);
      late ??= once(later, 'go').then(() => ctx.window());
      return lastTen(window);
    });
    const windows = await Promise.all([ctx.window(), ctx.window()]);
    expect(windows.map(({ version, needsCompaction }) => [version, needsCompaction])).toEqual([
      [14, false],
      [14, false],
    ]);
    expect([needsCompactionInHandler, calls]).toEqual([[true], 1]);
    // A call that the handler has started, but that runs after the handler has ended, is compacted as usual.
    await appendMessages(3);
    later.emit('go');
    expect(await late).toMatchObject({ version: 18, needsCompaction: false });
  });

  it('returns the uncompacted window of a deleted conversation after one call of the handler', async () => {
    await appendMessages(13);
    await ctx.delete();
    let calls = 0;
    ctx.autoCompact((window) => {
      calls += 1;
      return lastTen(window);
    });
    expect(await ctx.window()).toMatchObject({ version: 13, needsCompaction: true });
    expect(calls).toBe(1);
  });
});
