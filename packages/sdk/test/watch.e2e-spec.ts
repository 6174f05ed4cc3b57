import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { TestService } from '../../../test/support/test-service.js';
import { createClient, NotFoundError, type Change, type Context, type WatchOptions } from '../src/index.js';
import { allOf } from './support/all-of.js';
import { ClientTimers } from './support/client-timers.js';
import { HttpProxy, type SeenRequest } from './support/http-proxy.js';

let service: TestService;
let proxy: HttpProxy;
let ctx: Context;
let direct: Context;
let conversations = 0;
let over: AbortController;
beforeAll(async () => {
  service = await TestService.start();
});
afterAll(() => service.stop());
beforeEach(async () => {
  proxy = await HttpProxy.start(service.url);
  over = new AbortController();
  const id = `watch-${(conversations += 1)}`;
  direct = await createClient({ baseUrl: service.url }).context(id).budget(1000);
  ctx = await createClient({ baseUrl: proxy.url }).context(id);
});
afterEach(async () => {
  over.abort(); // what a failed test left running would run for ever
  await proxy.stop();
});

const say = (content = 'hello') => direct.append({ role: 'user', content });
const streams = () => proxy.of('GET', '/stream');
const cursors = () => streams().map(({ path }) => Number(/cursor=(\d+)/.exec(path)![1]));
const isStream = ({ path }: SeenRequest) => path.includes('/stream');
const isLog = ({ type }: Change) => type === 'event' || type === 'compaction';

async function eventually(isSo: () => boolean): Promise<void> {
  while (!isSo() && !over.signal.aborted) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(isSo()).toBe(true);
}

/** Changes up to the first that `isLast` accepts. */
async function until(
  isLast: (change: Change) => boolean,
  options?: WatchOptions,
  onChange?: (change: Change) => unknown,
): Promise<Change[]> {
  const changes: Change[] = [];
  for await (const change of ctx.watch({ signal: over.signal, ...options })) {
    changes.push(change);
    await onChange?.(change);
    if (isLast(change)) break;
  }
  return changes;
}

/** An answer of the stream with these frames, which then ends. */
const frames = (...all: { type: string; version: number; [field: string]: unknown }[]) => ({
  type: 'answer' as const,
  status: 200,
  headers: { 'content-type': 'text/event-stream' },
  body: all.map((frame) => `id: ${frame.version}\ndata: ${JSON.stringify(frame)}\n\n`).join(''),
});

describe('watching', () => {
  it('from a cursor gives every change after it, in camelCase, and the window', async () => {
    await say();
    await direct.append({ role: 'user', content: 'hello', metadata: { user_name: 'a' }, tokenCount: 9 });
    await direct.compact({ fromSeq: 1, toSeq: 1, replacement: [{ role: 'system', content: 's' }] });
    expect(await until(({ type }) => type === 'window', { cursor: 1 })).toEqual([
      {
        type: 'event',
        version: 2,
        seq: 2,
        event: {
          seq: 2,
          version: 2,
          role: 'user',
          parts: [{ type: 'text', text: 'hello' }],
          metadata: { user_name: 'a' },
          tokenCount: 9,
          tokenEstimate: 9,
          insertedAt: expect.stringMatching(/Z$/),
        },
      },
      { type: 'compaction', version: 3, range: { fromSeq: 1, toSeq: 1 } },
      { type: 'window', version: 3, needsCompaction: false, usedTokens: expect.any(Number) },
    ]);
  });

  it('without a cursor gives only what comes from now on', async () => {
    await say('before');
    const watching = ctx.watch({ signal: over.signal });
    const first = watching.next();
    await eventually(() => streams().length > 0);
    await say('after');
    expect((await first).value).toMatchObject({ type: 'event', seq: 2 });
    expect((await watching.next()).value).toMatchObject({ type: 'window', version: 2 });
    await watching.return!();
  });

  it('without a cursor gives what comes before the connection is there, and the window of it', async () => {
    await say('before');
    const late: typeof fetch = async (url, init) => {
      if (typeof url === 'string' && url.includes('/stream')) await say('meanwhile');
      return fetch(url, init);
    };
    const watching = (await createClient({ baseUrl: service.url, fetch: late }).context(ctx.id)).watch({
      signal: over.signal,
    });
    expect((await watching.next()).value).toMatchObject({ type: 'event', seq: 2 });
    expect((await watching.next()).value).toMatchObject({ type: 'window', version: 2 });
    await watching.return!();
  });

  it('without events gives the rest', async () => {
    await say();
    await direct.compact({ fromSeq: 1, toSeq: 1, replacement: [{ role: 'system', content: 's' }] });
    await say();
    const changes = await until(({ type }) => type === 'window', { cursor: 0, includeEvents: false });
    expect(changes.map(({ type, version }) => [type, version])).toEqual([
      ['compaction', 2],
      ['window', 3],
    ]);
  });

  it('ends with the tombstone', async () => {
    await say();
    await direct.delete();
    const changes = await allOf(ctx.watch({ cursor: 0 }));
    expect(changes.at(-1)).toEqual({ type: 'tombstoned', version: 1 });
    expect(changes.filter(isLog)).toHaveLength(1);
    expect(streams()).toHaveLength(1);
    // One that comes later is told, too.
    expect((await allOf(ctx.watch())).at(-1)).toEqual({ type: 'tombstoned', version: 1 });
  });

  it('ends without an error when its signal is aborted', async () => {
    const controller = new AbortController();
    const watching = ctx.watch({ cursor: 0, signal: controller.signal });
    await watching.next();
    const waiting = watching.next();
    controller.abort();
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(await allOf(ctx.watch({ signal: controller.signal }))).toEqual([]);
  });

  it('ends when it is returned from while it waits', async () => {
    const watching = ctx.watch({ cursor: 0 });
    await watching.next();
    const waiting = watching.next();
    await watching.return!();
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(await watching.next()).toEqual({ done: true, value: undefined });
  });

  it('lets go of the connection when the loop is left', async () => {
    await say();
    await until(
      () => true,
      { cursor: 0 },
      () => expect([...proxy.open].some(isStream)).toBe(true),
    );
    await eventually(() => proxy.open.size === 0);
  });

  it('refuses an unknown conversation, and does not try again', async () => {
    const nowhere = createClient({ baseUrl: proxy.url }).context('nowhere');
    await expect(nowhere.watch().next()).rejects.toBeInstanceOf(NotFoundError);
    await expect(nowhere.watch({ cursor: 0 }).next()).rejects.toBeInstanceOf(NotFoundError);
    expect(streams()).toHaveLength(1);
  });

  it('refuses a cursor that is none at once', () => {
    expect(() => ctx.watch({ cursor: Number.NaN })).toThrow(/^cursor must be an integer/);
  });

  it('works on a builder, after its settings', async () => {
    const builder = createClient({ baseUrl: proxy.url }).context('watch-builder').budget(10);
    for await (const change of builder.watch({ cursor: 0 })) {
      expect(change).toMatchObject({ type: 'window', version: 0 });
      break;
    }
    expect(proxy.seen.map(({ method }) => method).slice(-2)).toEqual(['PUT', 'GET']);
  });
});

describe('a connection that breaks', () => {
  it('is followed by another, and each change comes once', async () => {
    const count = 60;
    const changes = await until(
      (change) => change.version === count && isLog(change),
      { cursor: 0 },
      async ({ version }) => {
        if (version % 20 === 0) proxy.cut();
        if (version < count) await say();
      },
    );
    const versions = changes.filter(isLog).map(({ version }) => version);
    expect(versions).toEqual(Array.from({ length: count }, (_, index) => index + 1));
    expect(streams().length).toBeGreaterThan(2);
  });

  it.each([40, 90, 150, 230, 300])('in the middle of a frame, after %i bytes, loses none', async (bytes) => {
    for (let n = 0; n < 3; n += 1) await say(`message number ${n}`);
    proxy.next({ type: 'truncate', bytes }, isStream);
    const errors: unknown[] = [];
    const options = { cursor: 0, onReconnect: (error: unknown) => errors.push(error) };
    const changes = await until(({ type }) => type === 'window', options);
    expect(changes.map(({ type, version }) => [type, version])).toEqual([
      ['event', 1],
      ['event', 2],
      ['event', 3],
      ['window', 3],
    ]);
    expect(errors).toHaveLength(1);
    expect(cursors()[1]).toBeLessThanOrEqual(3);
  });

  it('and is refused for a while is tried again', async () => {
    await say();
    proxy.next(frames({ type: 'window', version: 1, needs_compaction: false, used_tokens: 5 }), isStream);
    proxy.next({ type: 'drop' }, isStream);
    proxy.next({ type: 'answer', status: 503, headers: { 'retry-after': '0' } }, isStream);
    const changes = await until(
      ({ version }) => version === 2,
      { cursor: 1 },
      () => say(),
    );
    expect(changes.map(({ type, version }) => [type, version])).toEqual([
      ['window', 1],
      ['event', 2],
    ]);
    expect(cursors()).toEqual([1, 1, 1, 1]);
  });

  it('before it ever stood is an error when the retries are used up', async () => {
    const once = createClient({ baseUrl: proxy.url, maxRetries: 1 }).context(ctx.id);
    proxy.next({ type: 'drop' }, isStream);
    proxy.next({ type: 'answer', status: 503 }, isStream);
    await expect(once.watch({ cursor: 0 }).next()).rejects.toMatchObject({ status: 503 });
    expect(streams()).toHaveLength(2);
  });

  it('or is silent for too long is given up', async () => {
    await say();
    const idleTimeoutMs = 1_234_567;
    const errors: unknown[] = [];
    const timers = new ClientTimers();
    const watching = ctx.watch({
      cursor: 0,
      idleTimeoutMs,
      onReconnect: (error) => void errors.push(error),
      signal: over.signal,
    });
    expect((await watching.next()).value).toMatchObject({ type: 'event', version: 1 });
    expect((await watching.next()).value).toMatchObject({ type: 'window', version: 1 });
    const next = watching.next();
    // It waits anew for each piece that comes; to end a wait that is over already does nothing.
    await eventually(() => {
      if (streams().length === 2) return true;
      timers.runOut((ms) => ms === idleTimeoutMs);
      return false;
    });
    timers.restore();
    await say();
    expect((await next).value).toMatchObject({ type: 'event', version: 2 });
    await watching.return!();
    expect(errors).toEqual([expect.objectContaining({ name: 'TimeoutError' })]);
  });

  it('does not repeat a window that has not changed, and tells one that has', async () => {
    await say();
    const window = { type: 'window', version: 1, needs_compaction: false, used_tokens: 5 };
    proxy.next(frames(window), isStream);
    proxy.next(frames(window, { ...window, needs_compaction: true }), isStream);
    const changes = await until((change) => change.type === 'window' && change.needsCompaction, {
      cursor: 1,
    });
    expect(changes).toHaveLength(2);
  });
});

it('passes on no change twice, even if it is sent twice', async () => {
  await say();
  const { version, seq, ...event } = (await service.http.events(ctx.id)).body.events[0];
  const frame = { type: 'event', version, seq, event };
  proxy.next(frames(frame, frame), isStream);
  proxy.next(frames(frame, { type: 'tombstoned', version }), isStream);
  const changes = await until(({ type }) => type === 'tombstoned', { cursor: 0 });
  expect(changes.map(({ type }) => type)).toEqual(['event', 'tombstoned']);
});

describe('a gap', () => {
  it('of a slow reader is filled from the log, compactions included', async () => {
    await say();
    await say();
    await direct.compact({ fromSeq: 1, toSeq: 1, replacement: [{ role: 'system', content: 's' }] });
    await say();
    proxy.next(
      frames(
        { type: 'gap', version: 3, expected: 2, actual: 3, reason: 'slow_reader' },
        {
          type: 'window',
          version: 4,
          needs_compaction: false,
          used_tokens: 5,
        },
      ),
      isStream,
    );
    const changes = await until(({ type }) => type === 'window', { cursor: 1 });
    expect(changes.map(({ type, version }) => [type, version])).toEqual([
      ['event', 2],
      ['compaction', 3],
      ['event', 4],
      ['window', 4],
    ]);
    expect(cursors()).toEqual([1, 1]);
  });

  it('because the cursor is ahead is told, and what follows it comes', async () => {
    await say();
    const changes = await until(isLog, { cursor: 7 }, ({ type }) => type === 'gap' && say());
    expect(changes).toEqual([
      { type: 'gap', version: 1, expected: 8, actual: 1, reason: 'cursor_ahead' },
      expect.objectContaining({ type: 'event', version: 2 }),
    ]);
  });
});
