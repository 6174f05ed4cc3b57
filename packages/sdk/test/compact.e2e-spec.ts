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
  // A message of these tests is 5 tokens: 13 of them are over 0.6 × 100.
  ctx = await createClient({ baseUrl: proxy.url })
    .context(`compact-${(conversations += 1)}`)
    .budget(100)
    .trigger(0.6);
});
afterEach(() => proxy.stop());

const summary = (content: string) => ({ role: 'system' as const, content });
const say = (count: number) =>
  ctx.append(Array.from({ length: count }, () => ({ role: 'user' as const, content: 'hello' })));
const shape = ({ messages }: Window) => messages.map(({ role, seq, content }) => [role, seq, content]);
const compactions = () => proxy.of('POST', '/compact').map(({ body }) => body);
const reads = () => proxy.of('GET', '/window');

describe('a compaction of a range', () => {
  it("replaces it for the model, and takes a window's messages", async () => {
    await say(12);
    const { messages } = await ctx.window();
    const head = messages.slice(0, -10);
    expect(
      await ctx.compact({
        fromSeq: head[0]!.seq,
        toSeq: head.at(-1)!.seq,
        replacement: [summary('greetings'), ...head.slice(1)],
      }),
    ).toEqual({ version: 13 });
    expect(compactions()[0]).toEqual({
      from_seq: 1,
      to_seq: 2,
      replacement: [
        { role: 'system', parts: [{ type: 'text', text: 'greetings' }] },
        { role: 'user', parts: [{ type: 'text', text: 'hello' }] },
      ],
    });
    expect(shape(await ctx.window()).slice(0, 3)).toEqual([
      ['system', 1, 'greetings'],
      ['user', 1, 'hello'],
      ['user', 3, 'hello'],
    ]);
  });

  it('may end with the seq of a summary, which stands for all of it', async () => {
    await say(6);
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

  it('that cuts through another one is refused', async () => {
    await say(6);
    await ctx.compact({ fromSeq: 2, toSeq: 4, replacement: [summary('two to four')] });
    await expect(ctx.compact({ fromSeq: 1, toSeq: 3, replacement: [summary('no')] })).rejects.toMatchObject({
      status: 400,
      reason: 'range_overlap',
    });
  });

  it('is refused at another version', async () => {
    await say(2);
    await expect(
      ctx.compact({ fromSeq: 1, toSeq: 1, replacement: [summary('no')], ifVersion: 1 }),
    ).rejects.toMatchObject({ status: 409, expected: 1, actual: 2 });
    expect(compactions()).toHaveLength(1);
  });

  it('is not sent again when it may have been carried out, and is when it surely has not', async () => {
    await say(2);
    const isCompaction = ({ path }: { path: string }) => path.endsWith('/compact');
    proxy.next({ type: 'lose-answer' }, isCompaction);
    const range = { fromSeq: 1, toSeq: 1, replacement: [summary('once')] };
    await expect(ctx.compact(range)).rejects.toBeInstanceOf(ConnectionError);
    expect(compactions()).toHaveLength(1);
    expect((await ctx.get()).version).toBe(3);

    proxy.next({ type: 'answer', status: 503, headers: { 'retry-after': '0' } }, isCompaction);
    expect(await ctx.compact(range)).toEqual({ version: 4 });
    expect(compactions()).toHaveLength(3);
  });

  it.each([
    [{ fromSeq: Number.NaN, toSeq: 1 }, /^fromSeq must be/],
    [{ fromSeq: 1, toSeq: undefined }, /^toSeq must be/],
    [{ fromSeq: 1, toSeq: 1, ifVersion: Number.NaN }, /^ifVersion must be/],
  ])('with %p is refused before it is sent', async (range, message) => {
    await expect(ctx.compact({ ...range, replacement: [summary('no')] } as never)).rejects.toThrow(message);
    expect(compactions()).toEqual([]);
  });
});

describe('a compaction to given messages', () => {
  it('replaces the whole window, what the policy had trimmed and earlier summaries included', async () => {
    const { id } = await createClient({ baseUrl: proxy.url })
      .context(ctx.id)
      .policy({ strategy: 'last_n', config: { limit: 3 } });
    await say(5);
    await ctx.compact({ fromSeq: 4, toSeq: 4, replacement: [summary('four')] });
    const { messages } = await ctx.window();
    await ctx.compact({ messages: [summary('all of it'), messages.at(-1)!] });
    expect(id).toBe(ctx.id);
    expect(shape(await ctx.window())).toEqual([
      ['system', 1, 'all of it'],
      ['user', 1, 'hello'],
    ]);
    expect(compactions().at(-1)).toMatchObject({ from_seq: 1, to_seq: 5, if_version: 6 });
    await say(1);
    expect(shape(await ctx.window()).at(-1)).toEqual(['user', 6, 'hello']);
  });

  it('is refused if the window they come from has changed', async () => {
    await say(2);
    const { version, messages } = await ctx.window();
    await say(1);
    await expect(ctx.compact({ messages, ifVersion: version })).rejects.toMatchObject({
      reason: 'version_mismatch',
    });
    expect((await ctx.window()).messages).toHaveLength(3);
  });

  it('says so when there is nothing to compact', async () => {
    await expect(ctx.compact({ messages: [summary('nothing')] })).rejects.toThrow(/nothing to compact/);
  });
});

describe('a handler for windows that need compaction', () => {
  const lastTen: AutoCompact = ({ messages }) => {
    const head = messages.slice(0, -10);
    return {
      fromSeq: head[0]!.seq,
      toSeq: head.at(-1)!.seq,
      replacement: [summary(`${head.length} greetings`)],
    };
  };

  it('is called once when the window needs it, and the window is the one after it', async () => {
    const given: Window[] = [];
    ctx.autoCompact((window) => {
      given.push(window);
      return lastTen(window);
    });
    await say(12);
    expect(await ctx.window()).toMatchObject({ needsCompaction: false, version: 12 });
    expect(given).toEqual([]);

    await say(1);
    const window = await ctx.window({ ifVersion: 13 });
    expect(given).toHaveLength(1);
    expect(given[0]).toMatchObject({ version: 13, needsCompaction: true });
    expect(compactions()).toEqual([expect.objectContaining({ from_seq: 1, to_seq: 3, if_version: 13 })]);
    expect(window).toMatchObject({ version: 14, needsCompaction: false });
    expect(shape(window)[0]).toEqual(['system', 1, '3 greetings']);
    expect(reads()).toHaveLength(3);
  });

  it('can be set on the builder, and give messages', async () => {
    const client = createClient({ baseUrl: proxy.url });
    const auto = await client
      .context(ctx.id)
      .autoCompact(({ messages }) => ({ messages: [summary('all'), ...messages.slice(-1)] }));
    await say(13);
    expect(shape(await auto.window())).toEqual([
      ['system', 1, 'all'],
      ['user', 1, 'hello'],
    ]);
  });

  it('may end its range with a summary', async () => {
    await say(13);
    await ctx.compact({ fromSeq: 1, toSeq: 2, replacement: [summary('hello hello hello')] });
    ctx.autoCompact(({ messages }) => ({
      fromSeq: messages[0]!.seq,
      toSeq: messages[0]!.seq,
      replacement: [summary('shorter')],
    }));
    const refused = proxy.of('POST', '/compact').length;
    expect(shape(await ctx.window())[0]).toEqual(['system', 1, 'shorter']);
    expect(compactions()).toHaveLength(refused + 1);
  });

  it('is called again with the new window when the conversation changed meanwhile, but only once', async () => {
    await say(13);
    const versions: number[] = [];
    ctx.autoCompact(async (window) => {
      versions.push(window.version);
      if (versions.length === 1) await say(1);
      return lastTen(window);
    });
    expect(await ctx.window()).toMatchObject({ version: 15, needsCompaction: false });
    expect(versions).toEqual([13, 14]);
    expect(compactions().map(({ if_version }) => if_version)).toEqual([13, 14]);

    versions.length = 0;
    await say(5);
    ctx.autoCompact(async (window) => {
      versions.push(window.version);
      await say(1);
      return lastTen(window);
    });
    expect(await ctx.window()).toMatchObject({ version: 22, needsCompaction: true });
    expect(versions).toEqual([20, 21]);
  });

  it('that gives nothing leaves the window as it is', async () => {
    await say(13);
    ctx.autoCompact(() => null);
    expect(await ctx.window()).toMatchObject({ version: 13, needsCompaction: true });
    expect(compactions()).toEqual([]);
  });

  it('that does not compact enough is not called again', async () => {
    await say(14);
    let calls = 0;
    ctx.autoCompact(() => {
      calls += 1;
      return { fromSeq: 1, toSeq: 1, replacement: [summary('hello')] };
    });
    expect((await ctx.window()).needsCompaction).toBe(true);
    expect(calls).toBe(1);
  });

  it('that throws has the call throw, or tells onError and leaves the window as it is', async () => {
    await say(13);
    const failure = new Error('no summary today');
    ctx.autoCompact(() => Promise.reject(failure));
    await expect(ctx.window()).rejects.toBe(failure);
    const told: unknown[] = [];
    ctx.autoCompact(() => Promise.reject(failure), { onError: (error) => told.push(error) });
    expect(await ctx.window()).toMatchObject({ version: 13, needsCompaction: true });
    expect(told).toEqual([failure]);
  });

  it('runs once for calls that come together, of any context of the client', async () => {
    await say(13);
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

  it('may read the window itself, and gets it as it is, while others wait', async () => {
    await say(13);
    const seen: boolean[] = [];
    const later = new EventEmitter();
    let late: Promise<Window> | undefined;
    let calls = 0;
    ctx.autoCompact(async (window) => {
      calls += 1;
      seen.push((await ctx.window()).needsCompaction);
      late ??= once(later, 'go').then(() => ctx.window());
      return lastTen(window);
    });
    const windows = await Promise.all([ctx.window(), ctx.window()]);
    expect(windows.map(({ version, needsCompaction }) => [version, needsCompaction])).toEqual([
      [14, false],
      [14, false],
    ]);
    expect([seen, calls]).toEqual([[true], 1]);
    // What the handler leaves running is not it any more once it is done.
    await say(3);
    later.emit('go');
    expect(await late).toMatchObject({ version: 18, needsCompaction: false });
  });

  it('is not asked twice about a deleted conversation, whose window stays readable', async () => {
    await say(13);
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
