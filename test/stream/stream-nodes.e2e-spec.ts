import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { ConversationChanges } from '../../src/conversations/conversation-changes.js';
import { ChangeNotifier } from '../../src/stream/change-notifier.js';
import { Readers, type StreamReader } from '../support/stream-reader.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { TestService } from '../support/test-service.js';

const SUMMARY = [{ role: 'system', content: 'summary' }];

const from = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, n) => first + n);
const versionsOf = (reader: StreamReader) => reader.changes().map(({ version }) => version);

/** Five changes of a conversation that is at `version`, a compaction among them; gives the version after them. */
async function fiveMore({ http }: TestService, id: string, version: number): Promise<number> {
  for (const n of from(1, 4)) {
    await http.say(id, `${version + n}`);
    if (n === 2) await http.compact(id, { from_seq: 1, to_seq: 1, replacement: SUMMARY });
  }
  return version + 5;
}

/** Every reader has every change so far, each once, in order, and then the window. */
async function expectAll(readers: StreamReader[], version: number): Promise<void> {
  for (const reader of readers) {
    await reader.windowOf(version);
    expect(versionsOf(reader)).toEqual(from(1, version));
    expect(reader.frames.map((frame) => frame.version).toSorted((a, b) => a - b)).toEqual(
      reader.frames.map((frame) => frame.version),
    );
  }
}

describe('streams on one node, writers on another', () => {
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

  /** Resolves when so many nodes listen for hints. */
  async function listening(count: number): Promise<void> {
    const sql = `SELECT FROM pg_stat_activity
                  WHERE datname = current_database() AND application_name LIKE '%notifications'
                    AND state = 'idle' AND query <> '' AND query NOT LIKE 'SET%'`;
    while ((await database.query(sql)).length !== count) await delay(10);
  }

  it('bring everything in order', async () => {
    const three = await follow('order');
    let version = 0;
    for (let round = 0; round < 5; round += 1) version = await fiveMore(writer, 'order', version);
    await expectAll(three, version);
    const [first, ...others] = three.map((reader) => reader.changes());
    for (const other of others) expect(other).toEqual(first);
  });

  it('bring everything in order when both nodes write at once, to readers on both', async () => {
    for (let round = 0; round < 10; round += 1) {
      const id = `both/${round}`;
      await writer.http.put(id);
      const there = new Readers(() => writer);
      const four = [await readers.ws(id, '?cursor=0'), await readers.sse(id, '?cursor=0')];
      four.push(await there.ws(id, '?cursor=0'), await there.sse(id, '?cursor=0'));
      const write = async ({ http }: TestService) => {
        for (const n of from(1, 15)) await http.say(id, `${n}`);
        await http.compact(id, { from_seq: 1, to_seq: 1, replacement: SUMMARY });
      };
      await Promise.all([write(writer), write(node)]);
      await expectAll(four, 32);
      const [first, ...others] = four.map((reader) => reader.changes());
      for (const other of others) expect(other).toEqual(first);
      await there.closeAll();
      await readers.closeAll();
    }
  });

  it('tell of settings and of the tombstone', async () => {
    const [reader] = await follow('settings');
    await writer.http.say('settings', 'some words that are more than two tokens');
    await reader!.windowOf(1);
    await writer.http.put('settings', { token_budget: 2 });
    const narrow = await reader!.frame((frame) => frame.type === 'window', 2);
    expect(narrow).toEqual({ type: 'window', version: 1, needs_compaction: true, used_tokens: 0 });
    await writer.http.delete('settings');
    expect(await reader!.ended()).toEqual({ code: 1000 });
    expect(reader!.frames.at(-1)).toEqual({ type: 'tombstoned', version: 1 });
  });

  it('wake a long poll', async () => {
    await writer.http.put('poll');
    const poll = node.http.events('poll', '?cursor=0&wait_ms=55000');
    await writer.http.say('poll', 'hello');
    expect((await poll).body.next_cursor).toBe(1);
  });

  it('need not look for themselves: a node hears of what another has committed', async () => {
    const heard = new Set<string>();
    node.app.get(ConversationChanges).onChange(({ id }) => heard.add(id));
    await writer.http.put('heard');
    while (!heard.has('heard')) await delay(5);
    heard.clear();
    await writer.http.say('heard', 'hello');
    while (!heard.has('heard')) await delay(5);
  });

  it('miss nothing when the connections for hints are terminated from the side of the database', async () => {
    const three = await follow('terminated');
    let version = await fiveMore(writer, 'terminated', 0);
    for (let round = 0; round < 3; round += 1) {
      await listening(2);
      await database.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND application_name LIKE '%notifications'`,
      );
      version = await fiveMore(writer, 'terminated', version);
      await expectAll(three, version);
    }
    await listening(2);
    await expectAll(three, await fiveMore(writer, 'terminated', version));
  });

  it('miss nothing when every connection is terminated', async () => {
    const three = await follow('all terminated');
    const version = await fiveMore(writer, 'all terminated', 0);
    await expectAll(three, version); // one that is being caught up would be closed, to come back with its cursor
    await database.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    );
    for (const n of from(1, 3)) {
      const turn = { event: { role: 'user', content: `${n}` }, idempotency_key: `${n}` };
      // The first statements may still meet a dead connection.
      while ((await writer.http.append('all terminated', turn)).status !== 201) await delay(10);
    }
    await expectAll(three, version + 3);
  });
});

describe('streams of a node that hears no hints', () => {
  it('find everything by looking for themselves', async () => {
    const database = await createTestDatabase();
    const writer = await TestService.start({ database });
    const node = await TestService.start({ database });
    const readers = new Readers(() => node);
    await writer.app.get(ChangeNotifier).onApplicationShutdown();
    await writer.http.put('c');
    const all = [await readers.ws('c'), await readers.sse('c'), await readers.ws('c', '?cursor=0')];
    let version = 0;
    for (let round = 0; round < 3; round += 1) {
      version = await fiveMore(writer, 'c', version);
      await expectAll(all, version);
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
    await expectAll(all, version + 1);
    for (const reader of all)
      expect(reader.frames.at(-1)).toEqual({ type: 'tombstoned', version: version + 1 });
    await node.stop();
    await writer.stop();
    await database.drop();
  });
});

describe('streams of a node that loses its database for a while', () => {
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

  /** The node gives its database little time, and says 503 where a slow machine takes longer. */
  async function opened(open: () => Promise<StreamReader>): Promise<StreamReader> {
    for (;;) {
      const reader = await open().catch(() => undefined);
      if (reader) return reader;
      await delay(10);
    }
  }

  it.each(['refuse', 'stall', 'cut'] as const)('miss nothing, and stay connected (%s)', async (way) => {
    await writer.http.put(way);
    const both = [await opened(() => readers.ws(way)), await opened(() => readers.sse(way))];
    let version = await fiveMore(writer, way, 0);
    await Promise.all(both.map((reader) => reader.windowOf(version)));
    await proxy[way]();
    version = await fiveMore(writer, way, version);
    // The node has noticed.
    if (way !== 'cut') while ((await node.http.get(way)).status !== 503) await delay(10);
    version = await fiveMore(writer, way, version);
    await proxy.restore();
    await expectAll(both, version);
    await expectAll(both, await fiveMore(writer, way, version));
    for (const reader of both) expect(reader.end).toBeUndefined();
  });
});
