import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BuiltService } from '../support/built-service.js';
import { eventually } from '../support/eventually.js';
import { Readers } from '../support/stream-reader.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

/** One word, so that the token counter would cache it. */
const MARKER = 'qzxmarkerxzq';
const ID = 'secret';
/** Counted on the worker thread. */
const LONG_TEXT = `${MARKER} ${'lorem ipsum '.repeat(8000)}`;

/** A node in a process of its own that writes a heap snapshot for SIGUSR2. */
class SnapshotNode {
  private constructor(
    readonly service: BuiltService,
    private readonly dir: string,
  ) {}

  static async start(database: TestDatabase): Promise<SnapshotNode> {
    const dir = await mkdtemp(join(tmpdir(), 'fastpaca-heap-'));
    const service = await BuiltService.start({
      DATABASE_URL: database.url,
      NODE_OPTIONS: `--heapsnapshot-signal=SIGUSR2 --diagnostic-dir=${dir}`,
    });
    return new SnapshotNode(service, dir);
  }

  async stop(): Promise<void> {
    await this.service.stop();
    await rm(this.dir, { recursive: true, force: true });
  }

  /** Collects garbage and returns every text of the heap that contains the marker. */
  async textsWithMarker(): Promise<string[]> {
    for (const name of await readdir(this.dir)) await rm(join(this.dir, name));
    this.service.kill('SIGUSR2');
    let paths: string[] = [];
    await eventually('a heap snapshot', async () => {
      paths = (await readdir(this.dir)).map((name) => join(this.dir, name));
      return paths.length > 0;
    });
    // The signal is handled in one turn of the event loop: the snapshot is complete when a request is answered.
    await this.service.http.request('GET', '/health/live');
    const found = await Promise.all(paths.map(placesWithMarker));
    return found.flat();
  }
}

/** Every place of a file that has the marker, with the text around it. */
async function placesWithMarker(path: string): Promise<string[]> {
  const content = await readFile(path);
  const found: string[] = [];
  for (let at = content.indexOf(MARKER); at !== -1; at = content.indexOf(MARKER, at + 1))
    found.push(content.toString('latin1', at - 60, at + 100));
  return found;
}

let database: TestDatabase;
let nodes: readonly SnapshotNode[] = [];
beforeAll(async () => {
  database = await createTestDatabase();
  nodes = [await SnapshotNode.start(database), await SnapshotNode.start(database)];
});
afterAll(async () => {
  for (const node of nodes) await node.stop();
  await database.drop();
});

/** The files of the database that contain the marker, once the server has written everything to them. */
async function filesWithMarker(): Promise<string[]> {
  await database.query('CHECKPOINT');
  const [{ dir }] = await database.query(`
    SELECT current_setting('data_directory') || '/base/' || oid AS dir FROM pg_database WHERE datname = current_database()`);
  const found: string[] = [];
  for (const name of await readdir(dir as string)) {
    const content = await readFile(join(dir as string, name));
    if (content.includes(MARKER)) found.push(name);
  }
  const tables = await database.query(
    'SELECT relname AS name FROM pg_class WHERE pg_relation_filenode(oid) = ANY ($1::oid[]) ORDER BY name',
    [found.map((name) => name.split(/[._]/)[0])],
  );
  return tables.map(({ name }) => name as string);
}

/** Text in every place of a conversation, read through every cache of both nodes. */
async function useConversation(): Promise<void> {
  const [first] = nodes;
  const { http } = first!.service;
  await http.put(ID, {
    token_budget: 100_000,
    metadata: { [`${MARKER}-key`]: MARKER },
    policy: { strategy: 'strip_tool_results', config: { placeholder: MARKER } },
  });
  // ANALYZE keeps its statistics of a table that has become empty.
  await http.put('other');
  await http.append('other', { event: { role: 'user', content: 'kept' }, idempotency_key: 'kept' });
  const event = { role: 'user', content: `${MARKER} ünd €`, metadata: { of: MARKER } };
  for (const n of [1, 2, 3, 4, 5, 6])
    await http.append(ID, { event: { ...event, pinned: n === 2 }, idempotency_key: `${MARKER}-${n}` });
  await http.append(ID, { event: { role: 'user', content: LONG_TEXT } });
  await http.compact(ID, { from_seq: 3, to_seq: 4, replacement: [event] });
  const usage = { window_version: 3, input_tokens: 9 };
  const answer = { role: 'assistant', content: MARKER };
  await http.append(ID, { event: answer, usage: { ...usage, model: MARKER } });
  for (const { service } of nodes) {
    const replies = [
      await service.http.window(ID),
      await service.http.window(ID, '?format=anthropic'),
      await service.http.window(ID, '?explain=true'),
      await service.http.events(ID),
      await service.http.append(ID, { event: { ...event, pinned: false }, idempotency_key: `${MARKER}-1` }),
      await service.http.request('POST', http.path(ID, '/window/preview'), {
        body: { compaction: { from_seq: 1, to_seq: 2, replacement: [{ role: 'user', content: MARKER }] } },
      }),
      await service.http.append(ID, { event: { role: 'wrong', [MARKER]: MARKER } }),
    ];
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 200, 201, 200, 400]);
  }
}

describe('after the receipt of an erasure', () => {
  it('neither the heaps of two nodes nor their logs have any text of the conversation', async () => {
    const readers = nodes.map(({ service }) => new Readers(() => service));
    await useConversation();
    const streams = [await readers[0]!.ws(ID, '?cursor=0'), await readers[1]!.sse(ID, '?cursor=0')];
    for (const stream of streams) await stream.windowOf(9);
    for (const node of nodes) expect(await node.textsWithMarker()).not.toEqual([]);
    await database.query('ANALYZE');
    expect(await filesWithMarker()).toEqual(
      expect.arrayContaining(['conversations', 'events', 'events_idempotency_key']),
    );

    const { http } = nodes[0]!.service;
    const { status } = await http.request('DELETE', http.path(ID, '?mode=erase'));
    expect(status).toBe(200);
    for (const stream of streams) await stream.ended();

    for (const node of nodes) {
      let left: string[] | undefined;
      // Each node learns of erasures by polling.
      for (let attempt = 0; left?.length !== 0 && attempt < 5; attempt += 1) {
        await delay(2000);
        left = await node.textsWithMarker();
      }
      expect(left).toEqual([]);
      expect(node.service.lines.filter((line) => line.includes(MARKER))).toEqual([]);
    }
  });

  it('the files of the database have none after VACUUM FULL', async () => {
    // VACUUM alone makes the space of deleted rows available, and leaves their bytes until something takes their place.
    await database.query(
      'VACUUM (FULL, ANALYZE) fastpaca.conversations, fastpaca.events, fastpaca.compactions, fastpaca.conversation_usage',
    );
    await database.query('VACUUM FULL pg_catalog.pg_statistic');
    expect(await filesWithMarker()).toEqual([]);
  });
});
