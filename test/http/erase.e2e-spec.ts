import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { ConversationId } from '../../src/common/conversation-id.js';
import { ConversationCaches } from '../../src/conversations/conversation-caches.js';
import { ErasedMemory } from '../../src/erasure/erased-memory.js';
import { ErasureSweeper } from '../../src/erasure/erasure-sweeper.js';
import { eventually } from '../support/eventually.js';
import { expectError, violationPaths } from '../support/error-shape.js';
import type { HttpResponse } from '../support/http-client.js';
import { RouteRecorder, RouteRecorderModule } from '../support/route-recorder.js';
import { EVENT, ROUTES } from '../support/routes.js';
import { integers, Readers } from '../support/stream-reader.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { TestService } from '../support/test-service.js';

const MARKER = 'xylophone';
const SUMMARY = [{ role: 'system', content: `summary ${MARKER}` }];
/** Routes that `ROUTES` lacks, with a valid body. */
const MORE_ROUTES: typeof ROUTES = [
  ['POST', '/withdraw', { from_seq: 1, to_seq: 1 }],
  ['GET', '/compactions'],
  ['POST', '/compactions/:version/undo', {}],
  ['GET', '/stream'],
];

let database: TestDatabase;
let service: TestService;
let otherNode: TestService;
const readers = new Readers(() => otherNode);
beforeAll(async () => {
  database = await createTestDatabase();
  service = await TestService.start({ database, modules: [RouteRecorderModule] });
  otherNode = await TestService.start({ database });
});
afterEach(() => readers.closeAll());
afterAll(async () => {
  await otherNode.stop();
  await service.stop();
  await database.drop();
});

function erase(id: string, { http } = service): Promise<HttpResponse> {
  return http.request('DELETE', http.path(id, '?mode=erase'));
}

/** A conversation with text in every place that can have some: 4 events, a compaction, and a withdrawal. */
async function createWithText(id: string): Promise<void> {
  const { http } = service;
  await http.put(id, {
    token_budget: 1000,
    model: 'gpt-4o',
    metadata: { secret: MARKER },
    policy: { strategy: 'strip_tool_results', config: { placeholder: MARKER } },
  });
  const event = { role: 'user', content: `é ${MARKER}`, metadata: { of: MARKER }, [MARKER]: MARKER };
  await http.append(id, { event: { ...event, pinned: true }, idempotency_key: `key-${MARKER}` });
  await http.append(id, {
    events: [event, event, event],
    idempotency_key: `turn-${MARKER}`,
    usage: { model: `model-${MARKER}`, window_version: 1, input_tokens: 5 },
  });
  await http.compact(id, { from_seq: 2, to_seq: 3, replacement: SUMMARY });
  await http.withdraw(id, { from_seq: 4, to_seq: 4 });
  const sql = 'SELECT FROM fastpaca.conversation_usage WHERE conversation_id = $1';
  await eventually('the usage report is stored', async () => (await database.query(sql, [id])).length > 0);
}

/** The names of the tables with a row that contains the text. */
async function tablesWith(text: string): Promise<string[]> {
  const tables = await database.query(
    "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'fastpaca'",
  );
  const found: string[] = [];
  for (const { name } of tables) {
    const rows = await database.query(`SELECT FROM fastpaca.${name} t WHERE t::text LIKE $1`, [`%${text}%`]);
    if (rows.length) found.push(name as string);
  }
  return found.sort();
}

/** As docs/operations.md computes the digest of a backup. */
async function digestOf(id: string): Promise<string> {
  const hash = createHash('sha256');
  const texts = [
    ...(await database.query(
      'SELECT body::text AS text FROM fastpaca.events WHERE conversation_id = $1 ORDER BY seq',
      [id],
    )),
    ...(await database.query(
      'SELECT replacement::text AS text FROM fastpaca.compactions WHERE conversation_id = $1 ORDER BY version',
      [id],
    )),
  ];
  for (const { text } of texts) hash.update(`${text}\n`);
  return hash.digest('hex');
}

describe('erasing a conversation', () => {
  it('deletes every text of it from the tables, and leaves its id, the time and the receipt', async () => {
    await createWithText('all');
    expect(await tablesWith(MARKER)).toEqual([
      'compactions',
      'conversation_usage',
      'conversations',
      'events',
    ]);
    const [{ bytes }] = await database.query(`
      SELECT (SELECT sum(octet_length(body::text)) FROM fastpaca.events WHERE conversation_id = 'all')
             + (SELECT sum(octet_length(replacement::text)) FROM fastpaca.compactions WHERE conversation_id = 'all') AS bytes`);
    const digest = await digestOf('all');
    const { status, body } = await erase('all');
    expect(status).toBe(200);
    expect(body).toEqual({
      id: 'all',
      erased_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      events: 4,
      compactions: 2,
      bytes: Number(bytes),
      digest,
    });
    expect(await tablesWith(MARKER)).toEqual([]);
    for (const table of ['events', 'compactions', 'conversation_usage'])
      expect(await database.query(`SELECT FROM fastpaca.${table} WHERE conversation_id = 'all'`)).toEqual([]);
    const [row] = await database.query("SELECT * FROM fastpaca.conversations WHERE id = 'all'");
    expect(row).toMatchObject({
      metadata: {},
      policy_config: {},
      model: null,
      pinned_seqs: [],
      erase_after: null,
    });
    expect(row.erased_at.toISOString()).toBe(body.erased_at);
  });

  it('responds with the same receipt when it is repeated, on every node', async () => {
    await createWithText('repeated');
    const { body } = await erase('repeated');
    expect(await erase('repeated')).toMatchObject({ status: 200, body });
    expect(await erase('repeated', otherNode)).toMatchObject({ status: 200, body });
  });

  it('is recorded in the audit log once, by its first request', async () => {
    await createWithText('audited');
    const first = await erase('audited');
    await erase('audited', otherNode);
    const { body } = await service.http.request('GET', '/v1/audit');
    const entries = body.entries.filter(({ subject }: { subject: string }) => subject === 'audited');
    expect(entries).toMatchObject([
      { action: 'conversation.erased', actor: 'root', request_id: first.headers.get('x-request-id') },
    ]);
  });

  it('responds to every other request for the conversation with 410, on every node and at once', async () => {
    await createWithText('gone');
    await otherNode.http.window('gone');
    await otherNode.http.events('gone');
    await erase('gone');
    const { routes } = service.app.get(RouteRecorder);
    const known = [...ROUTES, ...MORE_ROUTES];
    const prefix = '/v1/conversations/:id';
    const all = routes.filter(({ method, url }) => url.startsWith(prefix) && method !== 'HEAD');
    const sent = known.map(([method, rest]) => `${method} ${prefix}${rest}`);
    expect(all.map(({ method, url }) => `${method} ${url}`).filter((route) => !sent.includes(route))).toEqual(
      [],
    );
    for (const { http } of [service, otherNode]) {
      for (const [method, rest, body] of known) {
        const response = await http.request(method, http.path('gone', rest.replace(':version', '1')), {
          body,
          headers: { accept: 'text/event-stream' },
        });
        expect([method, rest, response.status]).toEqual([method, rest, 410]);
        expectError(response, 410);
      }
    }
    await expect(readers.ws('gone')).rejects.toThrow('410');
  });

  it('forgets idempotency keys: a retried append is a 410, too', async () => {
    await service.http.put('retried');
    const turn = { event: EVENT, idempotency_key: 'once' };
    expect((await service.http.append('retried', turn)).status).toBe(201);
    await erase('retried');
    expectError(await service.http.append('retried', turn), 410);
  });

  it('works for a deleted conversation and for an empty one', async () => {
    await createWithText('deleted');
    await service.http.delete('deleted');
    expect((await erase('deleted')).body).toMatchObject({ events: 4, compactions: 2 });
    expectError(await service.http.delete('deleted'), 410);
    await service.http.put('empty');
    expect((await erase('empty')).body).toMatchObject({
      events: 0,
      compactions: 0,
      bytes: 0,
      digest: createHash('sha256').digest('hex'),
    });
  });

  it('leaves other conversations as they are', async () => {
    await createWithText('kept');
    await createWithText('kep');
    const before = await service.http.window('kept');
    await erase('kep');
    expect((await service.http.window('kept')).text).toBe(before.text);
    expect((await otherNode.http.events('kept')).body.events).toHaveLength(4);
  });

  it('is a 404 for an unknown conversation, and a 400 for an unknown mode', async () => {
    expectError(await erase('unknown'), 404);
    expectError(await service.http.get('unknown'), 404);
    const response = await service.http.request('DELETE', service.http.path('unknown', '?mode=shred'));
    expectError(response, 400);
    expect(violationPaths(response)).toEqual(['mode']);
    const twice = await service.http.request(
      'DELETE',
      service.http.path('unknown', '?mode=erase&mode=erase'),
    );
    expectError(twice, 400);
  });

  it('tombstones with mode=tombstone, as without a mode', async () => {
    await service.http.put('buried');
    const { status, text } = await service.http.request(
      'DELETE',
      service.http.path('buried', '?mode=tombstone'),
    );
    expect([status, text]).toEqual([204, '']);
    expect((await service.http.get('buried')).body.tombstoned).toBe(true);
  });

  it('counts exactly the events that were acknowledged by appends at the same time', async () => {
    await service.http.put('busy');
    const appends = integers(1, 60).map((n) => (n % 2 ? service : otherNode).http.say('busy', `${n}`));
    await Promise.race(appends);
    const erased = erase('busy');
    const statuses = (await Promise.all(appends)).map(({ status }) => status);
    const { body } = await erased;
    expect(statuses.filter((status) => status !== 201 && status !== 410)).toEqual([]);
    expect(body.events).toBe(statuses.filter((status) => status === 201).length);
    expect(await database.query("SELECT FROM fastpaca.events WHERE conversation_id = 'busy'")).toEqual([]);
  });
});

describe('the memory of every node', () => {
  /** How many of the caches of a node have something of the conversation. */
  function cachesWith(id: string, { app }: TestService): number {
    type Keys = Map<string, unknown>;
    const { caches } = app.get<unknown, { caches: { cache: { recent: Keys; older: Keys } }[] }>(
      ConversationCaches,
    );
    const keys = caches.map(({ cache }) => [...cache.recent.keys(), ...cache.older.keys()]);
    return keys.filter((ofCache) => ofCache.some((key) => key.includes(`"${id}"`))).length;
  }

  it('has nothing of the conversation after the next poll, whatever notification was lost', async () => {
    await service.http.put('cached', { token_budget: 1000, model: 'gpt-4o' });
    await service.http.append('cached', { event: { ...EVENT, pinned: true } });
    await service.http.say('cached', 'x');
    for (const { http } of [service, otherNode])
      for (const path of ['/window', '/events', '/events?from_seq=1&to_seq=2', ''])
        await http.request('GET', http.path('cached', path));
    // Models, events, pins, pages and windows.
    for (const node of [service, otherNode]) expect(cachesWith('cached', node)).toBe(5);
    await erase('cached');
    for (const node of [service, otherNode]) {
      await node.app.get(ErasedMemory).poll();
      expect(cachesWith('cached', node)).toBe(0);
    }
  });

  it('forgets again what a read that was in flight has put into a cache', async () => {
    await createWithText('late');
    await erase('late');
    const memory = service.app.get(ErasedMemory);
    await memory.poll();
    const cache = service.app.get(ConversationCaches).create<string>(1000);
    const id = new ConversationId('default', 'late');
    cache.set(id, 'v', 'text', 10);
    cache.set(new ConversationId('default', 'other'), 'v', 'text', 10);
    await memory.poll();
    expect(cache.get(id, 'v')).toBeUndefined();
    expect(cache.get(new ConversationId('default', 'other'), 'v')).toBe('text');
  });
});

describe('an erasure whose node has died', () => {
  /** Leaves the conversation as a node does that dies after it has deleted two events. */
  async function interrupt(id: string, resumedIn: string): Promise<Record<string, unknown>> {
    await createWithText(id);
    const content = { events: 4, compactions: 2, bytes: 1, digest: await digestOf(id) };
    await database.query(
      `UPDATE fastpaca.conversations
          SET erased_at = now(), erase_after = now() + $2::interval, tombstoned_at = now(), erasure = $3
        WHERE id = $1`,
      [id, resumedIn, JSON.stringify(content)],
    );
    await database.query('DELETE FROM fastpaca.events WHERE conversation_id = $1 AND seq <= 2', [id]);
    return content;
  }

  it('is completed by a repeated request, with the receipt of what was there', async () => {
    const content = await interrupt('interrupted', '1 hour');
    expectError(await service.http.events('interrupted'), 410);
    expect(await erase('interrupted')).toMatchObject({ status: 200, body: content });
    expect(await database.query("SELECT FROM fastpaca.events WHERE conversation_id = 'interrupted'")).toEqual(
      [],
    );
  });

  it('is completed by the sweeper of a node, but not while another node may still be at it', async () => {
    const due = await interrupt('due', '-1 second');
    await interrupt('not-due', '1 hour');
    // Both nodes sweep at once: each erasure has one sweeper.
    await Promise.all([service, otherNode].map(({ app }) => app.get(ErasureSweeper).sweep()));
    const rows = await database.query(
      "SELECT id, erase_after IS NULL AS complete FROM fastpaca.conversations WHERE id IN ('due', 'not-due') ORDER BY id",
    );
    expect(rows).toEqual([
      { id: 'due', complete: true },
      { id: 'not-due', complete: false },
    ]);
    const left = await database.query(
      "SELECT DISTINCT conversation_id AS id FROM fastpaca.events WHERE conversation_id IN ('due', 'not-due')",
    );
    expect(left).toEqual([{ id: 'not-due' }]);
    expect((await erase('due')).body).toMatchObject(due);
  });
});

describe('readers of a conversation that is erased on another node', () => {
  it('are disconnected: websockets with 4410, server-sent events by their end', async () => {
    await createWithText('followed');
    const ws = await readers.ws('followed', '?cursor=0');
    const late = await readers.ws('followed');
    const sse = await readers.sse('followed', '?cursor=0');
    await ws.windowOf(6);
    await sse.windowOf(6);
    await erase('followed');
    expect(await ws.ended()).toEqual({ code: 4410 });
    expect(await late.ended()).toEqual({ code: 4410 });
    await sse.ended();
    expect(sse.frames).toEqual(ws.frames);
  });

  it('receive 410 from a long poll that waits', async () => {
    await service.http.put('polled');
    await service.http.say('polled', 'x');
    const waiting = otherNode.http.events('polled', '?cursor=1&wait_ms=50000');
    await erase('polled');
    expectError(await waiting, 410);
  });
});
