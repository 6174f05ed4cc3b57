import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { ConversationChanges } from '../../src/conversations/conversation-changes.js';
import { ChangeNotifier } from '../../src/stream/change-notifier.js';
import { integers, Readers, type StreamReader } from '../support/stream-reader.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { TestService } from '../support/test-service.js';

const SUMMARY = [{ role: 'system', content: 'summary' }];

/** Appends four events to a conversation at `version` and compacts once. @returns the new version */
async function makeFiveChanges({ http }: TestService, id: string, version: number): Promise<number> {
  for (const n of integers(1, 4)) {
    await http.say(id, `${version + n}`);
    if (n === 2) await http.compact(id, { from_seq: 1, to_seq: 1, replacement: SUMMARY });
  }
  return version + 5;
}

/** Asserts that every reader receives each change up to `version` once and in order, then the window. */
async function expectAllChanges(readers: StreamReader[], version: number): Promise<void> {
  for (const reader of readers) {
    await reader.windowOf(version);
    expect(reader.changeVersions()).toEqual(integers(1, version));
    expect(reader.frames.map((frame) => frame.version).toSorted((a, b) => a - b)).toEqual(
      reader.frames.map((frame) => frame.version),
    );
  }
}

describe('streams on one node with writers on another', () => {
  let database: TestDatabase;
  let writer: TestService;
  let node: TestService;
  const readers = new Readers(() => node);
  beforeAll(async () => {
    database = await createTestDatabase();
    writer = await TestService.start({ database });
    node = await TestService.start({ database });
  });
  afterEach(() => readers.closeAll());
  afterAll(async () => {
    await node.stop();
    await writer.stop();
    await database.drop();
  });

  async function follow(id: string): Promise<StreamReader[]> {
    await writer.http.put(id);
    return [await readers.ws(id), await readers.sse(id), await readers.ws(id, '?cursor=0')];
  }

  /** Resolves when exactly this many nodes listen for notifications. */
  async function untilListening(count: number): Promise<void> {
    const sql = `SELECT FROM pg_stat_activity
                  WHERE datname = current_database() AND application_name LIKE '%notifications'
                    AND state = 'idle' AND query <> '' AND query NOT LIKE 'SET%'`;
    while ((await database.query(sql)).length !== count) await delay(10);
  }

  it('send every change in order', async () => {
    const three = await follow('order');
    let version = 0;
    for (let round = 0; round < 5; round += 1) version = await makeFiveChanges(writer, 'order', version);
    await expectAllChanges(three, version);
    const [first, ...others] = three.map((reader) => reader.changes());
    for (const other of others) expect(other).toEqual(first);
  });

  it('send every change in order on both nodes while both nodes write', async () => {
    for (let round = 0; round < 10; round += 1) {
      const id = `both/${round}`;
      await writer.http.put(id);
      const writerReaders = new Readers(() => writer);
      const four = [await readers.ws(id, '?cursor=0'), await readers.sse(id, '?cursor=0')];
      four.push(await writerReaders.ws(id, '?cursor=0'), await writerReaders.sse(id, '?cursor=0'));
      const write = async ({ http }: TestService) => {
        for (const n of integers(1, 15)) await http.say(id, `${n}`);
        await http.compact(id, { from_seq: 1, to_seq: 1, replacement: SUMMARY });
      };
      await Promise.all([write(writer), write(node)]);
      await expectAllChanges(four, 32);
      const [first, ...others] = four.map((reader) => reader.changes());
      for (const other of others) expect(other).toEqual(first);
      await writerReaders.closeAll();
      await readers.closeAll();
    }
  });

  it('send changed settings and the tombstone', async () => {
    const [reader] = await follow('settings');
    await writer.http.say('settings', 'some words that are more than two tokens');
    await reader!.windowOf(1);
    await writer.http.put('settings', { token_budget: 2 });
    const window = await reader!.frame((frame) => frame.type === 'window', 2);
    expect(window).toEqual({ type: 'window', version: 1, needs_compaction: true, used_tokens: 0 });
    await writer.http.delete('settings');
    expect(await reader!.ended()).toEqual({ code: 1000 });
    expect(reader!.frames.at(-1)).toEqual({ type: 'tombstoned', version: 1 });
  });

  it('end a long poll', async () => {
    await writer.http.put('poll');
    const poll = node.http.events('poll', '?cursor=0&wait_ms=55000');
    await writer.http.say('poll', 'hello');
    expect((await poll).body.next_cursor).toBe(1);
  });

  it('receive a notification for each commit on the other node', async () => {
    const notified = new Set<string>();
    node.app.get(ConversationChanges).onChange(({ id }) => notified.add(id));
    await writer.http.put('notified');
    while (!notified.has('notified')) await delay(5);
    notified.clear();
    await writer.http.say('notified', 'hello');
    while (!notified.has('notified')) await delay(5);
  });

  it('miss no change when the database terminates the notification connections', async () => {
    const three = await follow('terminated');
    let version = await makeFiveChanges(writer, 'terminated', 0);
    for (let round = 0; round < 3; round += 1) {
      await untilListening(2);
      await database.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND application_name LIKE '%notifications'`,
      );
      version = await makeFiveChanges(writer, 'terminated', version);
      await expectAllChanges(three, version);
    }
    await untilListening(2);
    await expectAllChanges(three, await makeFiveChanges(writer, 'terminated', version));
  });

  it('miss no change when the database terminates every connection', async () => {
    const three = await follow('all terminated');
    const version = await makeFiveChanges(writer, 'all terminated', 0);
    await expectAllChanges(three, version); // a reader that is still replaying would be closed
    await database.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    );
    for (const n of integers(1, 3)) {
      const turn = { event: { role: 'user', content: `${n}` }, idempotency_key: `${n}` };
      // The first statements may still use a terminated connection.
      while ((await writer.http.append('all terminated', turn)).status !== 201) await delay(10);
    }
    await expectAllChanges(three, version + 3);
  });
});

describe('streams on a node that receives no notifications', () => {
  it('send every change that polling finds', async () => {
    const database = await createTestDatabase();
    const writer = await TestService.start({ database });
    const node = await TestService.start({ database });
    const readers = new Readers(() => node);
    await writer.app.get(ChangeNotifier).onApplicationShutdown();
    await writer.http.put('c');
    const all = [await readers.ws('c'), await readers.sse('c'), await readers.ws('c', '?cursor=0')];
    let version = 0;
    for (let round = 0; round < 3; round += 1) {
      version = await makeFiveChanges(writer, 'c', version);
      await expectAllChanges(all, version);
    }
    await writer.http.put('c', { token_budget: 1 });
    for (const reader of all)
      expect(
        await reader.frame(
          (frame) => frame.type === 'window' && frame.version === version && frame.needs_compaction,
        ),
      ).toMatchObject({ used_tokens: 0 });
    const poll = node.http.events('c', `?cursor=${version - 3}&wait_ms=55000`);
    await writer.http.say('c', 'one more');
    expect((await poll).body.events).toHaveLength(1);
    await writer.http.delete('c');
    await Promise.all(all.map((reader) => reader.ended()));
    await expectAllChanges(all, version + 1);
    for (const reader of all)
      expect(reader.frames.at(-1)).toEqual({ type: 'tombstoned', version: version + 1 });
    await node.stop();
    await writer.stop();
    await database.drop();
  });
});

describe('streams on a node that temporarily loses its database', () => {
  let database: TestDatabase;
  let proxy: TcpProxy;
  let writer: TestService;
  let node: TestService;
  const readers = new Readers(() => node);
  beforeAll(async () => {
    database = await createTestDatabase();
    proxy = await TcpProxy.start(database.url);
    writer = await TestService.start({ database });
    node = await TestService.start({
      database: { ...database, url: proxy.through(database.url) },
      env: { FASTPACA_DATABASE_TIMEOUT_MS: '500' },
    });
  });
  afterAll(async () => {
    await readers.closeAll();
    await node.stop();
    await writer.stop();
    await proxy.stop();
    await database.drop();
  });

  /** Opens a reader. Retries, because with the short database timeout a slow machine may respond with 503 at first. */
  async function openWithRetry(open: () => Promise<StreamReader>): Promise<StreamReader> {
    for (;;) {
      const reader = await open().catch(() => undefined);
      if (reader) return reader;
      await delay(10);
    }
  }

  it.each(['refuse', 'stall', 'cut'] as const)('miss no change and stay connected (%s)', async (failure) => {
    await writer.http.put(failure);
    const both = [
      await openWithRetry(() => readers.ws(failure)),
      await openWithRetry(() => readers.sse(failure)),
    ];
    let version = await makeFiveChanges(writer, failure, 0);
    await Promise.all(both.map((reader) => reader.windowOf(version)));
    await proxy[failure]();
    version = await makeFiveChanges(writer, failure, version);
    // Waits until the node reports that the database is unavailable.
    if (failure !== 'cut') while ((await node.http.get(failure)).status !== 503) await delay(10);
    version = await makeFiveChanges(writer, failure, version);
    await proxy.restore();
    await expectAllChanges(both, version);
    await expectAllChanges(both, await makeFiveChanges(writer, failure, version));
    for (const reader of both) expect(reader.end).toBeUndefined();
  });
});
