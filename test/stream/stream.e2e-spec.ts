import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { LongPoll } from '../../src/events/long-poll.js';
import { BuiltService } from '../support/built-service.js';
import { expectError, expectErrorShape } from '../support/error-shape.js';
import type { Answer } from '../support/http-client.js';
import { RawConnection, sendRaw } from '../support/raw-http.js';
import { Readers, type ReaderOptions, type StreamReader } from '../support/stream-reader.js';
import { createTestDatabase } from '../support/test-database.js';
import { TestService } from '../support/test-service.js';

const ROUNDS = 25;
const READERS = 20;
const CHANGES = 40;

const TRANSPORTS = [
  { transport: 'a websocket', kind: 'ws' },
  { transport: 'server-sent events', kind: 'sse' },
] as const;

/** Asks for an upgrade and gives the answer, of a refusal with its body. */
function upgrade(service: TestService, path: string, headers: Record<string, string> = {}): Promise<Answer> {
  const lines = Object.entries({
    host: 'localhost',
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  return sendRaw(service.url, `GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`);
}

const versionsOf = (reader: StreamReader) => reader.changes().map(({ version }) => version);
const from = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, n) => first + n);

/** Versions that never go back, whatever the frames. */
function expectForward(reader: StreamReader): void {
  const versions = reader.frames.map(({ version }) => version);
  expect(versions).toEqual(versions.toSorted((a, b) => a - b));
}

describe('following a conversation', () => {
  let service: TestService;
  const readers = new Readers(() => service);
  beforeAll(async () => (service = await TestService.start()));
  afterAll(async () => {
    await readers.closeAll();
    await service.stop();
  });

  async function conversation(id: string, events = 0): Promise<void> {
    await service.http.put(id);
    for (let n = 1; n <= events; n += 1) await service.http.say(id, `message ${n}`);
  }

  describe.each(TRANSPORTS)('over $transport', ({ kind }) => {
    /** Server-sent events have no close code. */
    const code = (code: number) => ({ code: kind === 'ws' ? code : undefined });
    const name = (id: string) => `${kind}/${id}`;
    const open = (id: string, query = '', options: ReaderOptions = {}): Promise<StreamReader> =>
      readers[kind](name(id), query, options);

    it('sends an event and then the window of its version for an append', async () => {
      await conversation(name('append'), 2);
      const reader = await open('append');
      await service.http.say(name('append'), 'hello');
      await reader.windowOf(3);
      const window = await service.http.window(name('append'));
      const log = await service.http.events(name('append'), '?from_seq=3');
      const { seq, version, ...event } = log.body.events[0];
      expect(reader.frames).toEqual([
        { type: 'event', version, seq, event },
        {
          type: 'window',
          version: 3,
          needs_compaction: window.body.needs_compaction,
          used_tokens: window.body.used_tokens,
        },
      ]);
    });

    it('sends a compaction and then the window of its version', async () => {
      await conversation(name('compaction'), 3);
      const reader = await open('compaction');
      const replacement = [{ role: 'system', content: 'summary' }];
      await service.http.compact(name('compaction'), { from_seq: 1, to_seq: 2, replacement });
      await reader.windowOf(4);
      const window = await service.http.window(name('compaction'));
      expect(reader.frames).toEqual([
        { type: 'compaction', version: 4, range: { from_seq: 1, to_seq: 2 } },
        { type: 'window', version: 4, needs_compaction: false, used_tokens: window.body.used_tokens },
      ]);
    });

    it('sends an event as the log gives it, number spelling and unknown fields included', async () => {
      await conversation(name('verbatim'));
      const reader = await open('verbatim', '?cursor=0');
      const sent = `{"event":{"z":1.0,"role":"assistant","big":12345678901234567890,"parts":[{"type":"x","n":1E2,"t":"\\u2028é\\r\\n"}],"id":"e"}}`;
      await service.http.append(name('verbatim'), sent);
      const { event } = await reader.frame(({ type }) => type === 'event');
      const log = await service.http.events(name('verbatim'));
      const { seq: _seq, version: _version, ...logged } = log.body.events[0];
      expect(event).toEqual(logged);
      expect(Object.keys(event)).toEqual([
        'z',
        'role',
        'big',
        'parts',
        'id',
        'token_estimate',
        'inserted_at',
      ]);
    });

    it('sends every event of a turn, and a window of the last', async () => {
      await conversation(name('turn'));
      const reader = await open('turn');
      const events = Array.from({ length: 100 }, (_, n) => ({ role: 'user', content: `${n}` }));
      await service.http.append(name('turn'), { events });
      await reader.windowOf(100);
      expect(versionsOf(reader)).toEqual(from(1, 100));
      expectForward(reader);
      expect(reader.frames.at(-1)).toMatchObject({ type: 'window', version: 100 });
    });

    it('replays everything from cursor 0 in version order, compactions included, then one window', async () => {
      await conversation(name('all'), 4);
      const replacement = [{ role: 'system', content: 'summary' }];
      await service.http.compact(name('all'), { from_seq: 1, to_seq: 2, replacement });
      await service.http.say(name('all'), 'five');
      await service.http.compact(name('all'), { from_seq: 1, to_seq: 4, replacement });
      await service.http.compact(name('all'), { from_seq: 1, to_seq: 4, replacement });
      await service.http.say(name('all'), 'six');
      const reader = await open('all', '?cursor=0');
      await reader.windowOf(9);
      expect(reader.frames.map(({ type, version, seq }) => [type, version, seq])).toEqual([
        ...[1, 2, 3, 4].map((n) => ['event', n, n]),
        ['compaction', 5, undefined],
        ['event', 6, 5],
        ['compaction', 7, undefined],
        ['compaction', 8, undefined],
        ['event', 9, 6],
        ['window', 9, undefined],
      ]);
    });

    it('replays what follows the cursor, wherever it lies between events and compactions', async () => {
      await conversation(name('between'), 2);
      const replacement = [{ role: 'system', content: 'summary' }];
      for (let round = 0; round < 3; round += 1) {
        await service.http.compact(name('between'), { from_seq: 1, to_seq: 2, replacement });
        await service.http.say(name('between'), 'more');
      }
      for (const cursor of from(0, 8)) {
        const reader = await open('between', `?cursor=${cursor}`);
        await reader.windowOf(8);
        expect(versionsOf(reader)).toEqual(from(cursor + 1, 8));
        expect(reader.frames).toHaveLength(8 - cursor + 1);
      }
    });

    it('replays more changes than are read at a time', async () => {
      await conversation(name('long'));
      const events = Array.from({ length: 100 }, () => ({ role: 'user', content: 'x' }));
      for (let n = 0; n < 5; n += 1) await service.http.append(name('long'), { events });
      const reader = await open('long', '?cursor=0');
      await reader.windowOf(500);
      expect(versionsOf(reader)).toEqual(from(1, 500));
      expect(reader.frames).toHaveLength(501);
    });

    it('sends the window at once for a cursor that is current', async () => {
      await conversation(name('current'), 2);
      const reader = await open('current', '?cursor=2');
      await reader.windowOf(2);
      await service.http.say(name('current'), 'three');
      await reader.windowOf(3);
      expect(reader.frames.map(({ type, version }) => [type, version])).toEqual([
        ['window', 2],
        ['event', 3],
        ['window', 3],
      ]);
    });

    it('sends only what comes from now on without a cursor', async () => {
      await conversation(name('now'), 3);
      const reader = await open('now');
      await service.http.say(name('now'), 'four');
      await reader.windowOf(4);
      expect(reader.frames.map(({ type, version }) => [type, version])).toEqual([
        ['event', 4],
        ['window', 4],
      ]);
    });

    it('names the gap when the cursor is ahead, and goes on from the current version', async () => {
      await conversation(name('ahead'), 2);
      const reader = await open('ahead', '?cursor=40');
      await reader.frame(({ type }) => type === 'gap');
      await service.http.say(name('ahead'), 'three');
      await reader.windowOf(3);
      expect(reader.frames[0]).toEqual({
        type: 'gap',
        version: 2,
        expected: 41,
        actual: 2,
        reason: 'cursor_ahead',
      });
      expect(versionsOf(reader)).toEqual([3]);
      expectForward(reader);
    });

    it('names the gap up to the highest cursor there can be', async () => {
      const cursor = Number.MAX_SAFE_INTEGER;
      await conversation(name('far ahead'), 2);
      const reader = await open('far ahead', `?cursor=${cursor}`);
      const gap = await reader.frame(({ type }) => type === 'gap');
      expect(gap).toMatchObject({ version: 2, expected: cursor + 1, actual: 2, reason: 'cursor_ahead' });
    });

    it.each(['includeEvents', 'include_events'])('leaves events out with %s=false', async (parameter) => {
      const id = `no events/${parameter}`;
      await conversation(name(id), 2);
      const reader = await open(id, `?cursor=0&${parameter}=false`);
      await reader.windowOf(2);
      await service.http.say(name(id), 'three');
      await reader.windowOf(3);
      const replacement = [{ role: 'system', content: 'summary' }];
      await service.http.compact(name(id), { from_seq: 1, to_seq: 2, replacement });
      await reader.windowOf(4);
      expect(reader.frames.map(({ type, version }) => [type, version])).toEqual([
        ['window', 2],
        ['window', 3],
        ['compaction', 4],
        ['window', 4],
      ]);
    });

    it('sends events with includeEvents=true', async () => {
      await conversation(name('with events'), 1);
      const reader = await open('with events', '?cursor=0&includeEvents=true');
      await reader.windowOf(1);
      expect(versionsOf(reader)).toEqual([1]);
    });

    it.each([
      ['token_budget', { token_budget: 20 }],
      ['trigger_ratio', { trigger_ratio: 0.0001 }],
      ['policy', { policy: { strategy: 'last_n', config: { limit: 1 } } }],
    ])('sends one window of the current version when a PUT changes %s', async (field, change) => {
      await conversation(name(field), 3);
      const reader = await open(field);
      await service.http.put(name(field), { token_budget: 1_000_000, ...change });
      await reader.windowOf(3);
      const { body } = await service.http.window(name(field));
      await service.http.say(name(field), 'so that what comes after is seen too');
      await reader.windowOf(4);
      expect(reader.frames.slice(0, 2)).toEqual([
        {
          type: 'window',
          version: 3,
          needs_compaction: body.needs_compaction,
          used_tokens: body.used_tokens,
        },
        expect.objectContaining({ type: 'event', version: 4 }),
      ]);
    });

    it('sends nothing for metadata, for settings that stay, and for a deduplicated append', async () => {
      await conversation(name('quiet'));
      const turn = { event: { role: 'user', content: 'one' }, idempotency_key: 'k' };
      await service.http.append(name('quiet'), turn);
      const reader = await open('quiet');
      await service.http.put(name('quiet'), { token_budget: 1_000_000, metadata: { a: 1 } });
      await service.http.patch(name('quiet'), { b: 2 });
      expect((await service.http.append(name('quiet'), turn)).body.deduped).toBe(true);
      await service.http.say(name('quiet'), 'two');
      await reader.windowOf(2);
      expect(reader.frames.map(({ type, version }) => [type, version])).toEqual([
        ['event', 2],
        ['window', 2],
      ]);
    });

    it('tells of the tombstone and ends', async () => {
      await conversation(name('deleted'), 2);
      const reader = await open('deleted', '?cursor=1');
      await reader.windowOf(2);
      await service.http.delete(name('deleted'));
      expect(await reader.ended()).toEqual(code(1000));
      expect(reader.frames.map(({ type, version }) => [type, version])).toEqual([
        ['event', 2],
        ['window', 2],
        ['tombstoned', 2],
      ]);
    });

    it.each(['?cursor=0', '', '?cursor=9'])(
      'replays, tells of the tombstone and ends for a reader that comes after it with "%s"',
      async (query) => {
        const id = `tombstoned${query}`;
        await conversation(name(id), 2);
        await service.http.delete(name(id));
        const reader = await open(id, query);
        expect(await reader.ended()).toEqual(code(1000));
        const replayed = { '?cursor=0': ['event', 'event', 'window'], '?cursor=9': ['gap'] }[query] ?? [];
        expect(reader.frames.map(({ type }) => type)).toEqual([...replayed, 'tombstoned']);
        expect(reader.frames.at(-1)).toEqual({ type: 'tombstoned', version: 2 });
      },
    );

    it('follows conversations whose id needs encoding', async () => {
      await conversation(name('user:42/chat é%2F?'));
      const reader = await open('user:42/chat é%2F?');
      await service.http.say(name('user:42/chat é%2F?'), 'hello');
      await reader.windowOf(1);
      expect(versionsOf(reader)).toEqual([1]);
    });
  });

  it('has three readers see the same frames in the same order', async () => {
    await conversation('three');
    const three = [await readers.ws('three', '?cursor=0'), await readers.sse('three', '?cursor=0')];
    three.push(await readers.ws('three', '?cursor=0'));
    await Promise.all(from(1, 50).map((n) => service.http.say('three', `${n}`)));
    await Promise.all(three.map((reader) => reader.windowOf(50)));
    const [first, ...others] = three.map((reader) => reader.changes());
    expect(first!.map(({ version }) => version)).toEqual(from(1, 50));
    for (const other of others) expect(other).toEqual(first);
  });

  it('leaves no hole and no duplicate for readers that come while a writer appends as fast as it can', async () => {
    let seed = 20_250_124;
    const random = (below: number) => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((seed / 2 ** 32) * below);
    };
    for (let round = 0; round < ROUNDS; round += 1) {
      const id = `storm/${round}`;
      await conversation(id);
      const comes: Promise<{ cursor: number; reader: StreamReader }>[] = [];
      const come = async (cursor: number) => ({
        cursor,
        reader: await readers[comes.length % 2 ? 'sse' : 'ws'](id, `?cursor=${cursor}`),
      });
      const compacted: number[] = [];
      let version = 0;
      let events = 0;
      while (version < CHANGES || comes.length < READERS) {
        for (let n = random(4); n > 0 && comes.length < READERS; n -= 1)
          comes.push(come(random(version + 1)));
        if (events > 0 && random(4) === 0) {
          const replacement = [{ role: 'system', content: 'summary' }];
          const answer = await service.http.compact(id, { from_seq: 1, to_seq: events, replacement });
          compacted.push((version = answer.body.version as number));
        } else {
          const turn = from(1, 1 + random(3)).map((n) => ({ role: 'user', content: `${version + n}` }));
          version = (await service.http.append(id, { events: turn })).body.version as number;
          events += turn.length;
        }
      }
      const log = await service.http.events(id, '?from_seq=1');
      const logged = new Map<number, any>(log.body.events.map((event: any) => [event.version, event]));
      for (const { cursor, reader } of await Promise.all(comes)) {
        await reader.windowOf(version);
        expect(versionsOf(reader)).toEqual(from(cursor + 1, version));
        for (const change of reader.changes()) {
          if (compacted.includes(change.version)) expect(change.type).toBe('compaction');
          else {
            const { seq, version: at, ...event } = logged.get(change.version);
            expect(change).toEqual({ type: 'event', version: at, seq, event });
          }
        }
        expectForward(reader);
        expect(reader.frames.at(-1)).toMatchObject({ type: 'window', version });
      }
      await readers.closeAll();
    }
  });
});

describe('resuming server-sent events', () => {
  let service: TestService;
  const readers = new Readers(() => service);
  beforeAll(async () => {
    service = await TestService.start();
    await service.http.put('c');
    for (const n of from(1, 5)) await service.http.say('c', `message ${n}`);
  });
  afterAll(async () => {
    await readers.closeAll();
    await service.stop();
  });

  it('gives every frame its version as the id', async () => {
    const reader = await readers.sse('c', '?cursor=2');
    await reader.windowOf(5);
    expect(reader.ids).toEqual(['3', '4', '5', '5']);
    expect(reader.response.headers['content-type']).toBe('text/event-stream; charset=utf-8');
    expect(reader.response.headers['x-request-id']).toMatch(/\S/);
  });

  it('takes Last-Event-ID as the cursor, before the one in the query', async () => {
    const reader = await readers.sse('c', '?cursor=1', { headers: { 'last-event-id': '3' } });
    await reader.windowOf(5);
    expect(versionsOf(reader)).toEqual([4, 5]);
  });

  it('takes any version there can be as Last-Event-ID', async () => {
    const headers = { 'last-event-id': String(Number.MAX_SAFE_INTEGER) };
    const reader = await readers.sse('c', '', { headers });
    expect(await reader.frame(({ type }) => type === 'gap')).toMatchObject({ reason: 'cursor_ahead' });
  });

  it.each(['', 'x', '-1', '1.5', '1e3', '9007199254740992', '99999999999999999999'])(
    'refuses Last-Event-ID "%s"',
    async (lastEventId) => {
      const headers = { accept: 'text/event-stream', 'last-event-id': lastEventId };
      const answer = await service.http.request('GET', '/v1/conversations/c/stream', { headers });
      expectError(answer, 400);
      expect(answer.body.details[0].path).toBe('Last-Event-ID');
    },
  );

  it('answers HEAD and ends', async () => {
    const request =
      'HEAD /v1/conversations/c/stream HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\n';
    const connection = await RawConnection.open(service.url);
    connection.write(`${request}connection: close\r\n\r\n`);
    await connection.end();
  });
});

describe('refusing a stream', () => {
  let service: TestService;
  const readers = new Readers(() => service);
  const good = { authorization: 'Bearer key-1' };
  beforeAll(async () => {
    service = await TestService.start({ env: { FASTPACA_API_KEY: 'key-1' } });
    await service.http.request('PUT', '/v1/conversations/c', { body: { token_budget: 9 }, headers: good });
  });
  afterAll(async () => {
    await readers.closeAll();
    await service.stop();
  });

  /** The same refusal of both transports. */
  async function refusals(path: string, headers: Record<string, string>): Promise<Answer[]> {
    const sse = { accept: 'text/event-stream', ...headers };
    return [await upgrade(service, path, headers), await service.http.request('GET', path, { headers: sse })];
  }

  it.each<Record<string, string>>([{}, { authorization: 'Bearer wrong' }, { authorization: 'Basic key-1' }])(
    'says 401 with %j',
    async (headers) => {
      for (const path of ['c', 'absent'].map((id) => `/v1/conversations/${id}/stream?cursor=x`))
        for (const answer of await refusals(path, headers)) expectError(answer, 401);
    },
  );

  it.each([
    '/v1/conversations/absent/stream',
    '/v1/conversations/c/streams',
    '/v1/conversations/c/stream/',
    '/x',
  ])('says 404 for %s', async (path) => {
    for (const answer of await refusals(path, good)) expectError(answer, 404);
  });

  it.each([
    ['cursor', '?cursor=x'],
    ['cursor', '?cursor=-1'],
    ['cursor', '?cursor=1.5'],
    ['cursor', '?cursor='],
    ['cursor', '?cursor=99999999999999999999'],
    ['cursor', '?cursor=1&cursor=2'],
    ['cursor', '?cursor=1?x'],
    ['includeEvents', '?includeEvents=0'],
    ['include_events', '?include_events=no'],
    ['cursr', '?cursr=1'],
    ['__proto__', '?__proto__=1'],
  ])('says 400 for %s in "%s"', async (name, query) => {
    for (const answer of await refusals(`/v1/conversations/c/stream${query}`, good)) {
      expectError(answer, 400);
      expect(answer.body.details.map(({ path }: { path: string }) => path)).toEqual([name]);
    }
  });

  it.each(['%00', '%ff', 'x'.repeat(256)])('says 400 for the id "%s"', async (id) => {
    for (const answer of await refusals(`/v1/conversations/${id}/stream`, good)) expectError(answer, 400);
  });

  it('lists every fault', async () => {
    for (const answer of await refusals('/v1/conversations/c/stream?cursor=x&y=1&include_events=z', good))
      expect(answer.body.details).toHaveLength(3);
    for (const answer of await refusals('/v1/conversations/%00/stream?cursor=x', good))
      expect(answer.body.details.map(({ path }: { path: string }) => path).sort()).toEqual(['cursor', 'id']);
  });

  it('says 426 for a plain GET', async () => {
    const answer = await service.http.request('GET', '/v1/conversations/c/stream', { headers: good });
    expect(answer.status).toBe(426);
    expect(answer.headers.get('upgrade')).toBe('websocket');
    expect(answer.headers.get('connection')).toBe('Upgrade');
    expect(answer.body).toEqual({
      error: 'upgrade_required',
      message: expect.any(String),
      request_id: answer.headers.get('x-request-id'),
    });
  });

  it.each<Record<string, string>>([
    { 'sec-websocket-key': 'short' },
    { 'sec-websocket-version': '12' },
    { 'sec-websocket-protocol': ',' },
  ])('says 400 for the handshake %j', async (headers) => {
    const answer = await upgrade(service, '/v1/conversations/c/stream', { ...good, ...headers });
    expectError(answer, 400);
    expectErrorShape(answer);
  });

  it("takes the caller's request id, and makes one where there is none", async () => {
    const [given] = await refusals('/v1/conversations/absent/stream', { ...good, 'x-request-id': 'mine-1' });
    expect(given!.body.request_id).toBe('mine-1');
    const [made] = await refusals('/v1/conversations/absent/stream', { ...good, 'x-request-id': 'not sane' });
    expect(made!.body.request_id).not.toBe('not sane');
  });

  it("answers an upgrade with the caller's request id, or with one of its own", async () => {
    const ids = [];
    for (const headers of [
      { ...good, 'x-request-id': 'mine-2' },
      good,
      { ...good, 'x-request-id': 'not sane' },
    ]) {
      const { status, headers: answered } = await upgrade(service, '/v1/conversations/c/stream', headers);
      expect(status).toBe(101);
      ids.push(answered.get('x-request-id'));
    }
    expect(ids).toEqual([
      'mine-2',
      expect.stringMatching(/^[0-9a-f-]{36}$/),
      expect.stringMatching(/^[0-9a-f-]{36}$/),
    ]);
  });

  it('closes the connection of a refused upgrade, though the client keeps it open', async () => {
    const { port } = new URL(service.url);
    const socket = connect({ port: Number(port), host: '127.0.0.1', allowHalfOpen: true });
    socket.on('error', () => undefined); // a closed connection answers with a reset
    socket.write('GET /x HTTP/1.1\r\nhost: localhost\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n');
    await once(socket.resume(), 'end');
    while (!socket.destroyed) {
      socket.write('x');
      await delay(5);
    }
  });

  it('answers other routes as ever when a client would rather have another protocol', async () => {
    for (const protocol of ['h2c', 'TLS/1.0, HTTP/1.1']) {
      const headers = { ...good, upgrade: protocol, connection: 'Upgrade, HTTP2-Settings' };
      const answer = await upgrade(service, '/v1/conversations/c', headers);
      expect(answer.status).toBe(200);
      expect(answer.body.id).toBe('c');
    }
  });

  it('takes a websocket with the right key', async () => {
    const reader = await readers.ws('c', '?cursor=0', { headers: good });
    await reader.windowOf(0);
  });
});

describe('the limit of connections', () => {
  let service: TestService;
  const readers = new Readers(() => service);
  beforeAll(async () => {
    service = await TestService.start({ env: { FASTPACA_STREAM_MAX_CONNECTIONS: '2' } });
    await service.http.put('c');
  });
  afterEach(() => readers.closeAll());
  afterAll(() => service.stop());

  const path = '/v1/conversations/c/stream';
  const sse = () => service.http.request('GET', path, { headers: { accept: 'text/event-stream' } });

  /** Resolves when both places are free again: a reader that has gone may not be known to have gone yet. */
  async function bothFree(): Promise<void> {
    for (let opened: StreamReader[] = []; opened.length < 2;) {
      opened = [];
      try {
        opened.push(await readers.ws('c'));
        opened.push(await readers.sse('c'));
      } catch {
        await delay(5);
      }
      await readers.closeAll();
    }
  }

  it('refuses one more with 503, whatever the transport, till a place is free', async () => {
    const [first] = [await readers.ws('c'), await readers.sse('c')];
    expectError(await upgrade(service, path), 503);
    expectError(await sse(), 503);
    await first.close();
    await bothFree();
  });

  it('gives the place back when a stream is refused for another reason', async () => {
    for (let n = 0; n < 3; n += 1) {
      expectError(await upgrade(service, '/v1/conversations/absent/stream'), 404);
      expectError(await upgrade(service, `${path}?cursor=x`), 400);
      expectError(await upgrade(service, path, { 'sec-websocket-key': 'short' }), 400);
    }
    await bothFree();
  });

  it('gives the place back when the client has left before it was let in', async () => {
    const handshake = 'upgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-version: 13\r\n';
    for (const headers of [
      `${handshake}sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n`,
      'accept: text/event-stream\r\n',
    ]) {
      for (let n = 0; n < 20; n += 1) {
        const connection = await RawConnection.open(service.url);
        connection.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\n${headers}\r\n`);
        await delay(n % 4);
        connection.close();
      }
    }
    await bothFree();
  });

  it('gives the place back after a tombstone', async () => {
    await service.http.put('deleted');
    const two = [await readers.ws('deleted'), await readers.sse('deleted')];
    await service.http.delete('deleted');
    await Promise.all(two.map((reader) => reader.ended()));
    await bothFree();
  });
});

describe('heartbeats', () => {
  let service: TestService;
  const readers = new Readers(() => service);
  beforeAll(async () => {
    service = await TestService.start({ env: { FASTPACA_STREAM_PING_INTERVAL_MS: '50' } });
    await service.http.put('c');
  });
  afterAll(async () => {
    await readers.closeAll();
    await service.stop();
  });

  it('sends a ping with the version', async () => {
    await service.http.put('ping');
    await service.http.say('ping', 'hello');
    const reader = await readers.ws('ping');
    const frames: string[] = [];
    reader.socket.on('message', (data: Buffer) => frames.push(data.toString()));
    await reader.morePings(2);
    expect(frames.map((text) => JSON.parse(text))).toContainEqual({ type: 'ping', version: 1 });
  });

  it('closes one that sends more than 1 KiB, without harm to the others', async () => {
    const other = await readers.ws('c');
    const reader = await readers.ws('c');
    reader.socket.send('x'.repeat(1024));
    await reader.morePings(2);
    expect(reader.end).toBeUndefined();
    reader.socket.send('x'.repeat(1025));
    expect(await reader.ended()).toEqual({ code: 1009 });
    await other.morePings(2);
    expect((await service.http.get('c')).status).toBe(200);
  });

  it('closes one that breaks the protocol, without harm to the others', async () => {
    const connection = await RawConnection.open(service.url);
    connection.write(
      'GET /v1/conversations/c/stream HTTP/1.1\r\nhost: localhost\r\nconnection: Upgrade\r\nupgrade: websocket\r\n' +
        'sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    );
    connection.write(Buffer.from('ffffffffffffffffffffffff', 'hex'));
    await connection.end();
    expect((await service.http.get('c')).status).toBe(200);
  });
});

describe('readers that show no life', () => {
  let service: TestService;
  const readers = new Readers(() => service);
  beforeAll(async () => {
    service = await TestService.start({
      env: { FASTPACA_STREAM_PING_INTERVAL_MS: '50', FASTPACA_STREAM_IDLE_TIMEOUT_MS: '300' },
    });
    await service.http.put('c');
  });
  afterAll(async () => {
    await readers.closeAll();
    await service.stop();
  });

  it('are closed with 4408', async () => {
    // Pinged before, unless the machine stood still for all of the timeout: then the next one is.
    for (let pings = 0; pings === 0;) {
      const reader = await readers.ws('c', '', { autoPong: false });
      expect(await reader.ended()).toEqual({ code: 4408 });
      pings = reader.pings;
    }
  });

  it('are closed though they are sent changes', async () => {
    await service.http.put('busy');
    const reader = await readers.ws('busy', '', { autoPong: false });
    while (!reader.end) await service.http.say('busy', 'more');
    expect(reader.end).toEqual({ code: 4408 });
  });
});

describe('readers that show life', () => {
  let service: TestService;
  const readers = new Readers(() => service);
  beforeAll(async () => {
    service = await TestService.start({
      env: { FASTPACA_STREAM_PING_INTERVAL_MS: '50', FASTPACA_STREAM_IDLE_TIMEOUT_MS: '6000' },
    });
    await service.http.put('c');
  });
  afterAll(async () => {
    await readers.closeAll();
    await service.stop();
  });

  it('stay, whether by pongs of the protocol, by frames, whatever they say, by pings, or by taking events', async () => {
    // Beats are never more often than every 50 ms: so many take longer than the timeout, on any machine.
    const MORE_THAN_FIT_INTO_THE_TIMEOUT = 130;
    const byPong = await readers.ws('c');
    const byFrame = await readers.ws('c', '', { autoPong: false });
    const says = [
      '{"type":"pong"}',
      'garbage',
      '{"type":"event"}',
      '[]',
      'null',
      '{"event":"x","data":{}}',
      '',
    ];
    byFrame.socket.on('message', () => byFrame.socket.send(says[byFrame.pings % says.length]!));
    byFrame.socket.send(Buffer.from([0, 255, 254]));
    const byPing = await readers.ws('c', '', { autoPong: false });
    let pongs = 0;
    byPing.socket.on('pong', () => (pongs += 1));
    byPing.socket.on('message', () => byPing.socket.ping());
    const byTaking = await readers.sse('c');
    const all = [byPong, byFrame, byPing, byTaking];
    await Promise.all(all.map((reader) => reader.morePings(MORE_THAN_FIT_INTO_THE_TIMEOUT)));
    await service.http.put('c', { token_budget: 7 });
    await Promise.all(all.map((reader) => reader.windowOf(0)));
    expect(pongs).toBeGreaterThan(0);
    for (const reader of all) expect(reader.frames.map(({ type }) => type)).toEqual(['window']);
  });
});

describe('the end of the service', () => {
  it('closes streams with 1001 and ends long polls', async () => {
    const service = await TestService.start();
    const readers = new Readers(() => service);
    await service.http.put('c');
    const socket = await readers.ws('c');
    const events = await readers.sse('c', '?cursor=0');
    await events.windowOf(0);
    const poll = service.http.events('c', '?cursor=0&wait_ms=55000');
    await service.http.say('other', 'so that the poll is under way');
    await service.stop();
    expect(await socket.ended()).toEqual({ code: 1001 });
    await events.ended();
    expect((await poll).status).toBe(200);
  });

  it('ends cleanly and in time on SIGTERM, though readers hang and others have left without a word', async () => {
    const database = await createTestDatabase();
    const service = await BuiltService.start({ DATABASE_URL: database.url });
    const readers = new Readers(() => service);
    await service.http.put('c');
    const socket = await readers.ws('c');
    const hanging = [await readers.ws('c', '?cursor=0'), await readers.sse('c', '?cursor=0')];
    for (const reader of hanging) reader.pause();
    const gone = await readers.sse('c');
    await gone.close();
    const abandoned = new AbortController();
    const poll = fetch(`${service.url}/v1/conversations/c/events?cursor=0&wait_ms=55000`, {
      signal: abandoned.signal,
    });
    await service.http.get('c');
    abandoned.abort();
    await expect(poll).rejects.toThrow();
    expect(await service.stop()).toEqual({ code: 0, signal: null });
    expect(await socket.ended()).toEqual({ code: 1001 });
    expect(service.records().at(-1)).toMatchObject({ msg: 'stopped', clean: true });
    for (const reader of hanging) reader.resume();
    await readers.closeAll();
    await database.drop();
  });
});

describe('GET …/events with wait_ms', () => {
  let service: TestService;
  beforeAll(
    async () => (service = await TestService.start({ env: { FASTPACA_STREAM_MAX_CONNECTIONS: '3' } })),
  );
  afterAll(() => service.stop());

  it('answers as soon as there is more', async () => {
    await service.http.put('more');
    await service.http.say('more', 'one');
    const poll = service.http.events('more', '?cursor=1&wait_ms=55000');
    await service.http.say('more', 'two');
    const { body } = await poll;
    expect(body.events.map(({ seq }: { seq: number }) => seq)).toEqual([2]);
    expect(body.next_cursor).toBe(2);
  });

  it('answers at once where there is more already', async () => {
    await service.http.put('there');
    await service.http.say('there', 'one');
    const { body } = await service.http.events('there', '?cursor=0&wait_ms=55000');
    expect(body.next_cursor).toBe(1);
  });

  it('answers with an empty page when the time is over', async () => {
    await service.http.put('empty');
    await service.http.say('empty', 'one');
    expect((await service.http.events('empty', '?cursor=1&wait_ms=50')).body).toEqual({
      events: [],
      next_cursor: 1,
    });
    expect((await service.http.events('empty', '?cursor=1&wait_ms=0')).body).toEqual({
      events: [],
      next_cursor: 1,
    });
  });

  it('answers when the conversation is deleted, for nothing more can come', async () => {
    await service.http.put('deleted');
    const poll = service.http.events('deleted', '?cursor=0&wait_ms=55000');
    await service.http.delete('deleted');
    expect((await poll).body).toEqual({ events: [], next_cursor: 0 });
  });

  it('is not ended by a compaction, which is no event', async () => {
    await service.http.put('compacted');
    await service.http.say('compacted', 'one');
    const poll = service.http.events('compacted', '?cursor=1&wait_ms=55000');
    const replacement = [{ role: 'system', content: 'summary' }];
    await service.http.compact('compacted', { from_seq: 1, to_seq: 1, replacement });
    await service.http.say('compacted', 'two');
    expect((await poll).body.next_cursor).toBe(2);
  });

  it('takes more than 55,000 as 55,000', async () => {
    await service.http.put('long');
    const waits = service.app.get(LongPoll, { strict: false });
    const waited: number[] = [];
    waits.waitForEvents = (_id, _seq, waitMs) => Promise.resolve(void waited.push(waitMs));
    for (const ms of ['1', '55000', '55001', '99999999999999999999', '9'.repeat(400)])
      expect((await service.http.events('long', `?cursor=0&wait_ms=${ms}`)).status).toBe(200);
    expect(waited).toEqual([1, 55_000, 55_000, 55_000, 55_000]);
    Reflect.deleteProperty(waits, 'waitForEvents');
  });

  it.each(['?wait_ms=10', '?from_seq=1&wait_ms=10', '?cursor=0&wait_ms=-1', '?cursor=0&wait_ms=x'])(
    'refuses "%s"',
    async (query) => {
      await service.http.put('bad');
      const answer = await service.http.events('bad', query);
      expectError(answer, 400);
      expect(answer.body.details[0].path).toBe('wait_ms');
    },
  );

  it('says 404 for a conversation that is not there, without waiting', async () => {
    expectError(await service.http.events('absent', '?cursor=0&wait_ms=55000'), 404);
  });
});
