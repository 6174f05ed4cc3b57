import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { TestService } from '../../../test/support/test-service.js';
import { createClient, NotFoundError, type Change, type Context, type WatchOptions } from '../src/index.js';
import { allOf } from './support/all-of.js';
import { ClientTimers } from './support/client-timers.js';
import { HttpProxy, type RecordedRequest } from './support/http-proxy.js';

let service: TestService;
let proxy: HttpProxy;
let ctx: Context;
let direct: Context;
let conversations = 0;
let testEnd: AbortController;
beforeAll(async () => {
  service = await TestService.start();
});
afterAll(() => service.stop());
beforeEach(async () => {
  proxy = await HttpProxy.start(service.url);
  testEnd = new AbortController();
  const id = `watch-${(conversations += 1)}`;
  direct = await createClient({ baseUrl: service.url }).context(id).budget(1000);
  ctx = await createClient({ baseUrl: proxy.url }).context(id);
});
afterEach(async () => {
  testEnd.abort(); // otherwise a failed test would leave a watch running
  await proxy.stop();
});

const appendMessage = (content = 'hello') => direct.append({ role: 'user', content });
const streams = () => proxy.requestsTo('GET', '/stream');
const cursors = () => streams().map(({ path }) => Number(/cursor=(\d+)/.exec(path)![1]));
const isStream = ({ path }: RecordedRequest) => path.includes('/stream');
const isLog = ({ type }: Change) => type === 'event' || type === 'compaction';

async function eventually(isTrue: () => boolean): Promise<void> {
  while (!isTrue() && !testEnd.signal.aborted) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(isTrue()).toBe(true);
}

/** Watches until `isLast` accepts a change. @returns all changes up to that one */
async function watchUntil(
  isLast: (change: Change) => boolean,
  options?: WatchOptions,
  onChange?: (change: Change) => unknown,
): Promise<Change[]> {
  const changes: Change[] = [];
  for await (const change of ctx.watch({ signal: testEnd.signal, ...options })) {
    changes.push(change);
    await onChange?.(change);
    if (isLast(change)) break;
  }
  return changes;
}

/** A response of the stream that contains these frames and then ends. */
const responseWith = (...frames: { type: string; version: number; [field: string]: unknown }[]) => ({
  type: 'respond' as const,
  status: 200,
  headers: { 'content-type': 'text/event-stream' },
  body: frames.map((frame) => `id: ${frame.version}\ndata: ${JSON.stringify(frame)}\n\n`).join(''),
});

describe('ctx.watch', () => {
  it('returns every change after the cursor, in camelCase, and the window', async () => {
    await appendMessage();
    await direct.append({ role: 'user', content: 'hello', metadata: { user_name: 'a' }, tokenCount: 9 });
    await direct.compact({ fromSeq: 1, toSeq: 1, replacement: [{ role: 'system', content: 's' }] });
    expect(await watchUntil(({ type }) => type === 'window', { cursor: 1 })).toEqual([
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

  it('returns only new changes without a cursor', async () => {
    await appendMessage('before');
    const watching = ctx.watch({ signal: testEnd.signal });
    const first = watching.next();
    await eventually(() => streams().length > 0);
    await appendMessage('after');
    expect((await first).value).toMatchObject({ type: 'event', seq: 2 });
    expect((await watching.next()).value).toMatchObject({ type: 'window', version: 2 });
    await watching.return!();
  });

  it('returns changes that happen before the connection is established, and their window', async () => {
    await appendMessage('before');
    const appendBeforeStream: typeof fetch = async (url, init) => {
      if (typeof url === 'string' && url.includes('/stream')) await appendMessage('meanwhile');
      return fetch(url, init);
    };
    const watching = (
      await createClient({ baseUrl: service.url, fetch: appendBeforeStream }).context(ctx.id)
    ).watch({
      signal: testEnd.signal,
    });
    expect((await watching.next()).value).toMatchObject({ type: 'event', seq: 2 });
    expect((await watching.next()).value).toMatchObject({ type: 'window', version: 2 });
    await watching.return!();
  });

  it('returns all changes except events with includeEvents: false', async () => {
    await appendMessage();
    await direct.compact({ fromSeq: 1, toSeq: 1, replacement: [{ role: 'system', content: 's' }] });
    await appendMessage();
    const changes = await watchUntil(({ type }) => type === 'window', { cursor: 0, includeEvents: false });
    expect(changes.map(({ type, version }) => [type, version])).toEqual([
      ['compaction', 2],
      ['window', 3],
    ]);
  });

  it('ends with a tombstoned change', async () => {
    await appendMessage();
    await direct.delete();
    const changes = await allOf(ctx.watch({ cursor: 0 }));
    expect(changes.at(-1)).toEqual({ type: 'tombstoned', version: 1 });
    expect(changes.filter(isLog)).toHaveLength(1);
    expect(streams()).toHaveLength(1);
    // A watch that starts after the deletion also returns the change.
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

  it('ends when return() is called while it waits', async () => {
    const watching = ctx.watch({ cursor: 0 });
    await watching.next();
    const waiting = watching.next();
    await watching.return!();
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(await watching.next()).toEqual({ done: true, value: undefined });
  });

  it('closes the connection when the loop ends', async () => {
    await appendMessage();
    await watchUntil(
      () => true,
      { cursor: 0 },
      () => expect([...proxy.openRequests].some(isStream)).toBe(true),
    );
    await eventually(() => proxy.openRequests.size === 0);
  });

  it('rejects an unknown conversation without a retry', async () => {
    const nowhere = createClient({ baseUrl: proxy.url }).context('nowhere');
    await expect(nowhere.watch().next()).rejects.toBeInstanceOf(NotFoundError);
    await expect(nowhere.watch({ cursor: 0 }).next()).rejects.toBeInstanceOf(NotFoundError);
    expect(streams()).toHaveLength(1);
  });

  it('throws immediately for an invalid cursor', () => {
    expect(() => ctx.watch({ cursor: Number.NaN })).toThrow(/^cursor must be an integer/);
  });

  it('sends the settings of a builder first', async () => {
    const builder = createClient({ baseUrl: proxy.url }).context('watch-builder').budget(10);
    for await (const change of builder.watch({ cursor: 0 })) {
      expect(change).toMatchObject({ type: 'window', version: 0 });
      break;
    }
    expect(proxy.requests.map(({ method }) => method).slice(-2)).toEqual(['PUT', 'GET']);
  });
});

describe('ctx.watch when the connection breaks', () => {
  it('reconnects and returns each change once', async () => {
    const count = 60;
    const changes = await watchUntil(
      (change) => change.version === count && isLog(change),
      { cursor: 0 },
      async ({ version }) => {
        if (version % 20 === 0) proxy.closeConnections();
        if (version < count) await appendMessage();
      },
    );
    const versions = changes.filter(isLog).map(({ version }) => version);
    expect(versions).toEqual(Array.from({ length: count }, (_, index) => index + 1));
    expect(streams().length).toBeGreaterThan(2);
  });

  it.each([40, 90, 150, 230, 300])(
    'loses no change when the connection ends after %i bytes',
    async (bytes) => {
      for (let n = 0; n < 3; n += 1) await appendMessage(`message number ${n}`);
      proxy.interceptNext({ type: 'truncate-response', bytes }, isStream);
      const errors: unknown[] = [];
      const options = { cursor: 0, onReconnect: (error: unknown) => errors.push(error) };
      const changes = await watchUntil(({ type }) => type === 'window', options);
      expect(changes.map(({ type, version }) => [type, version])).toEqual([
        ['event', 1],
        ['event', 2],
        ['event', 3],
        ['window', 3],
      ]);
      expect(errors).toHaveLength(1);
      expect(cursors()[1]).toBeLessThanOrEqual(3);
    },
  );

  it('retries while connections fail', async () => {
    await appendMessage();
    proxy.interceptNext(
      responseWith({ type: 'window', version: 1, needs_compaction: false, used_tokens: 5 }),
      isStream,
    );
    proxy.interceptNext({ type: 'drop-request' }, isStream);
    proxy.interceptNext({ type: 'respond', status: 503, headers: { 'retry-after': '0' } }, isStream);
    const changes = await watchUntil(
      ({ version }) => version === 2,
      { cursor: 1 },
      () => appendMessage(),
    );
    expect(changes.map(({ type, version }) => [type, version])).toEqual([
      ['window', 1],
      ['event', 2],
    ]);
    expect(cursors()).toEqual([1, 1, 1, 1]);
  });

  it('rejects after the last retry if no connection was ever established', async () => {
    const ctxWithOneRetry = createClient({ baseUrl: proxy.url, maxRetries: 1 }).context(ctx.id);
    proxy.interceptNext({ type: 'drop-request' }, isStream);
    proxy.interceptNext({ type: 'respond', status: 503 }, isStream);
    await expect(ctxWithOneRetry.watch({ cursor: 0 }).next()).rejects.toMatchObject({ status: 503 });
    expect(streams()).toHaveLength(2);
  });

  it('reconnects after idleTimeoutMs without data', async () => {
    await appendMessage();
    const idleTimeoutMs = 1_234_567;
    const errors: unknown[] = [];
    const timers = new ClientTimers();
    const watching = ctx.watch({
      cursor: 0,
      idleTimeoutMs,
      onReconnect: (error) => void errors.push(error),
      signal: testEnd.signal,
    });
    expect((await watching.next()).value).toMatchObject({ type: 'event', version: 1 });
    expect((await watching.next()).value).toMatchObject({ type: 'window', version: 1 });
    const next = watching.next();
    // The client sets a new timer for each chunk of the response. Expiring an old timer has no effect; the next poll tries again.
    await eventually(() => {
      if (streams().length === 2) return true;
      timers.expire((ms) => ms === idleTimeoutMs);
      return false;
    });
    timers.restore();
    await appendMessage();
    expect((await next).value).toMatchObject({ type: 'event', version: 2 });
    await watching.return!();
    expect(errors).toEqual([expect.objectContaining({ name: 'TimeoutError' })]);
  });

  it('returns a window again after a reconnect only if it has changed', async () => {
    await appendMessage();
    const window = { type: 'window', version: 1, needs_compaction: false, used_tokens: 5 };
    proxy.interceptNext(responseWith(window), isStream);
    proxy.interceptNext(responseWith(window, { ...window, needs_compaction: true }), isStream);
    const changes = await watchUntil((change) => change.type === 'window' && change.needsCompaction, {
      cursor: 1,
    });
    expect(changes).toHaveLength(2);
  });

  it('returns a change once even if the service sends it twice', async () => {
    await appendMessage();
    const { version, seq, ...event } = (await service.http.events(ctx.id)).body.events[0];
    const frame = { type: 'event', version, seq, event };
    proxy.interceptNext(responseWith(frame, frame), isStream);
    proxy.interceptNext(responseWith(frame, { type: 'tombstoned', version }), isStream);
    const changes = await watchUntil(({ type }) => type === 'tombstoned', { cursor: 0 });
    expect(changes.map(({ type }) => type)).toEqual(['event', 'tombstoned']);
  });
});

describe('ctx.watch after a gap', () => {
  it('reads the missing changes of a slow reader, including compactions', async () => {
    await appendMessage();
    await appendMessage();
    await direct.compact({ fromSeq: 1, toSeq: 1, replacement: [{ role: 'system', content: 's' }] });
    await appendMessage();
    proxy.interceptNext(
      responseWith(
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
    const changes = await watchUntil(({ type }) => type === 'window', { cursor: 1 });
    expect(changes.map(({ type, version }) => [type, version])).toEqual([
      ['event', 2],
      ['compaction', 3],
      ['event', 4],
      ['window', 4],
    ]);
    expect(cursors()).toEqual([1, 1]);
  });

  it('returns the gap when the cursor is ahead, and then new changes', async () => {
    await appendMessage();
    const changes = await watchUntil(isLog, { cursor: 7 }, ({ type }) => type === 'gap' && appendMessage());
    expect(changes).toEqual([
      { type: 'gap', version: 1, expected: 8, actual: 1, reason: 'cursor_ahead' },
      expect.objectContaining({ type: 'event', version: 2 }),
    ]);
  });
});
