import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { integers, type ReaderOptions, Readers, type StreamReader } from '../support/stream-reader.js';
import { TestService } from '../support/test-service.js';

const ROUNDS = 25;
const READERS = 20;
const CHANGES = 40;

const TRANSPORTS = [
  { transport: 'a websocket', kind: 'ws' },
  { transport: 'server-sent events', kind: 'sse' },
] as const;

/** Asserts that versions never decrease, across frames of every type. */
function expectAscending(reader: StreamReader): void {
  const versions = reader.frames.map(({ version }) => version);
  expect(versions).toEqual(versions.toSorted((a, b) => a - b));
}

describe('the stream of a conversation', () => {
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
    /** Returns the expected end of a stream. Server-sent events have no close code. */
    const endWith = (code: number) => ({ code: kind === 'ws' ? code : undefined });
    const name = (id: string) => `${kind}/${id}`;
    const open = (id: string, query = '', options: ReaderOptions = {}): Promise<StreamReader> =>
      readers[kind](name(id), query, options);

    it('sends the event of an append, then the window of its version', async () => {
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

    it('sends a withdrawal as a compaction that says so, live and to a reader with a cursor', async () => {
      await conversation(name('withdrawal'), 3);
      const reader = await open('withdrawal');
      await service.http.withdraw(name('withdrawal'), { from_seq: 2 });
      await reader.windowOf(4);
      const frames = [
        { type: 'compaction', version: 4, range: { from_seq: 2, to_seq: 3 }, withdrawn: true },
        {
          type: 'window',
          version: 4,
          needs_compaction: false,
          used_tokens: (await service.http.window(name('withdrawal'))).body.used_tokens,
        },
      ];
      expect(reader.frames).toEqual(frames);
      const late = await open('withdrawal', '?cursor=3');
      await late.windowOf(4);
      expect(late.frames).toEqual(frames);
    });

    it('sends an undo as a compaction frame that names the undone compaction, live and to a reader with a cursor', async () => {
      await conversation(name('undo'), 3);
      await service.http.withdraw(name('undo'), { from_seq: 2 });
      const reader = await open('undo');
      await service.http.undo(name('undo'), 4);
      await reader.windowOf(5);
      const used_tokens = (await service.http.window(name('undo'))).body.used_tokens;
      const frames = [
        { type: 'compaction', version: 5, range: { from_seq: 2, to_seq: 3 }, undoes: 4 },
        { type: 'window', version: 5, needs_compaction: false, used_tokens },
      ];
      expect(reader.frames).toEqual(frames);
      const late = await open('undo', '?cursor=3');
      await late.windowOf(5);
      expect(late.frames).toEqual([
        { type: 'compaction', version: 4, range: { from_seq: 2, to_seq: 3 }, withdrawn: true },
        ...frames,
      ]);
    });

    it('sends a compaction, then the window of its version', async () => {
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

    it('sends the larger range that a compaction with snap has replaced', async () => {
      await conversation(name('snap'), 1);
      await service.http.append(name('snap'), {
        events: [
          { role: 'assistant', parts: [{ type: 'tool_call', id: 'c', name: 'ping', input: {} }] },
          { role: 'tool', parts: [{ type: 'tool_result', id: 'c', output: 'up' }] },
        ],
      });
      const reader = await open('snap');
      const replacement = [{ role: 'system', content: 'summary' }];
      const compaction = { from_seq: 1, to_seq: 2, replacement, snap: true };
      const { body } = await service.http.compact(name('snap'), compaction);
      expect(body).toEqual({ version: 4, from_seq: 1, to_seq: 3 });
      const expected = { type: 'compaction', version: 4, range: { from_seq: 1, to_seq: 3 } };
      expect(await reader.frame(({ type }) => type === 'compaction')).toEqual(expected);
      const late = await open('snap', '?cursor=3');
      expect(await late.frame(({ type }) => type === 'compaction')).toEqual(expected);
    });

    it('sends an event as the log returns it, including number spelling and unknown fields', async () => {
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

    it('sends every event of a turn, then the window of the last one', async () => {
      await conversation(name('turn'));
      const reader = await open('turn');
      const events = Array.from({ length: 100 }, (_, n) => ({ role: 'user', content: `${n}` }));
      await service.http.append(name('turn'), { events });
      await reader.windowOf(100);
      expect(reader.changeVersions()).toEqual(integers(1, 100));
      expectAscending(reader);
      expect(reader.frames.at(-1)).toMatchObject({ type: 'window', version: 100 });
    });

    it('replays all changes from cursor 0 in version order, then sends one window', async () => {
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

    it('replays the changes after any cursor between events and compactions', async () => {
      await conversation(name('between'), 2);
      const replacement = [{ role: 'system', content: 'summary' }];
      for (let round = 0; round < 3; round += 1) {
        await service.http.compact(name('between'), { from_seq: 1, to_seq: 2, replacement });
        await service.http.say(name('between'), 'more');
      }
      for (const cursor of integers(0, 8)) {
        const reader = await open('between', `?cursor=${cursor}`);
        await reader.windowOf(8);
        expect(reader.changeVersions()).toEqual(integers(cursor + 1, 8));
        expect(reader.frames).toHaveLength(8 - cursor + 1);
      }
    });

    it('replays more changes than the service reads at once', async () => {
      await conversation(name('long'));
      const events = Array.from({ length: 100 }, () => ({ role: 'user', content: 'x' }));
      for (let n = 0; n < 5; n += 1) await service.http.append(name('long'), { events });
      const reader = await open('long', '?cursor=0');
      await reader.windowOf(500);
      expect(reader.changeVersions()).toEqual(integers(1, 500));
      expect(reader.frames).toHaveLength(501);
    });

    it('sends only the window when the cursor is current', async () => {
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

    it('sends only later changes without a cursor', async () => {
      await conversation(name('now'), 3);
      const reader = await open('now');
      await service.http.say(name('now'), 'four');
      await reader.windowOf(4);
      expect(reader.frames.map(({ type, version }) => [type, version])).toEqual([
        ['event', 4],
        ['window', 4],
      ]);
    });

    it('sends a gap when the cursor is ahead, then continues from the current version', async () => {
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
      expect(reader.changeVersions()).toEqual([3]);
      expectAscending(reader);
    });

    it('sends a gap for the highest possible cursor', async () => {
      const cursor = Number.MAX_SAFE_INTEGER;
      await conversation(name('far ahead'), 2);
      const reader = await open('far ahead', `?cursor=${cursor}`);
      const gap = await reader.frame(({ type }) => type === 'gap');
      expect(gap).toMatchObject({ version: 2, expected: cursor + 1, actual: 2, reason: 'cursor_ahead' });
    });

    it.each(['includeEvents', 'include_events'])('omits events with %s=false', async (parameter) => {
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
      expect(reader.changeVersions()).toEqual([1]);
    });

    it.each([
      ['token_budget', { token_budget: 20 }],
      ['reserve_tokens', { reserve_tokens: 999_990 }],
      ['model', { model: 'claude-opus-5' }],
      ['trigger_ratio', { trigger_ratio: 0.0001 }],
      ['policy', { policy: { strategy: 'last_n', config: { limit: 1 } } }],
    ])('sends one window of the current version when a PUT changes %s', async (field, change) => {
      await conversation(name(field), 3);
      const reader = await open(field);
      await service.http.put(name(field), { token_budget: 1_000_000, ...change });
      await reader.windowOf(3);
      const { body } = await service.http.window(name(field));
      await service.http.say(name(field), 'shows what follows the window');
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

    it('sends nothing for metadata, unchanged settings or a deduplicated append', async () => {
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

    it('sends the tombstone and ends', async () => {
      await conversation(name('deleted'), 2);
      const reader = await open('deleted', '?cursor=1');
      await reader.windowOf(2);
      await service.http.delete(name('deleted'));
      expect(await reader.ended()).toEqual(endWith(1000));
      expect(reader.frames.map(({ type, version }) => [type, version])).toEqual([
        ['event', 2],
        ['window', 2],
        ['tombstoned', 2],
      ]);
    });

    it.each(['?cursor=0', '', '?cursor=9'])(
      'replays changes, sends the tombstone and ends for a deleted conversation with the query "%s"',
      async (query) => {
        const id = `tombstoned${query}`;
        await conversation(name(id), 2);
        await service.http.delete(name(id));
        const reader = await open(id, query);
        expect(await reader.ended()).toEqual(endWith(1000));
        const replayed = { '?cursor=0': ['event', 'event', 'window'], '?cursor=9': ['gap'] }[query] ?? [];
        expect(reader.frames.map(({ type }) => type)).toEqual([...replayed, 'tombstoned']);
        expect(reader.frames.at(-1)).toEqual({ type: 'tombstoned', version: 2 });
      },
    );

    it('accepts a conversation id that needs percent-encoding', async () => {
      await conversation(name('user:42/chat é%2F?'));
      const reader = await open('user:42/chat é%2F?');
      await service.http.say(name('user:42/chat é%2F?'), 'hello');
      await reader.windowOf(1);
      expect(reader.changeVersions()).toEqual([1]);
    });
  });

  it('sends three readers the same frames in the same order', async () => {
    await conversation('three');
    const three = [await readers.ws('three', '?cursor=0'), await readers.sse('three', '?cursor=0')];
    three.push(await readers.ws('three', '?cursor=0'));
    await Promise.all(integers(1, 50).map((n) => service.http.say('three', `${n}`)));
    await Promise.all(three.map((reader) => reader.windowOf(50)));
    const [first, ...others] = three.map((reader) => reader.changes());
    expect(first!.map(({ version }) => version)).toEqual(integers(1, 50));
    for (const other of others) expect(other).toEqual(first);
  });

  it('sends no gap and no duplicate to readers that connect during continuous writes', async () => {
    let seed = 20_250_124;
    const random = (below: number) => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((seed / 2 ** 32) * below);
    };
    for (let round = 0; round < ROUNDS; round += 1) {
      const id = `storm/${round}`;
      await conversation(id);
      const connecting: Promise<{ cursor: number; reader: StreamReader }>[] = [];
      const connect = async (cursor: number) => ({
        cursor,
        reader: await readers[connecting.length % 2 ? 'sse' : 'ws'](id, `?cursor=${cursor}`),
      });
      const compacted: number[] = [];
      let version = 0;
      let events = 0;
      while (version < CHANGES || connecting.length < READERS) {
        for (let n = random(4); n > 0 && connecting.length < READERS; n -= 1)
          connecting.push(connect(random(version + 1)));
        if (events > 0 && random(4) === 0) {
          const replacement = [{ role: 'system', content: 'summary' }];
          const response = await service.http.compact(id, { from_seq: 1, to_seq: events, replacement });
          compacted.push((version = response.body.version as number));
        } else {
          const turn = integers(1, 1 + random(3)).map((n) => ({ role: 'user', content: `${version + n}` }));
          version = (await service.http.append(id, { events: turn })).body.version as number;
          events += turn.length;
        }
      }
      const log = await service.http.events(id, '?from_seq=1');
      const logged = new Map<number, any>(log.body.events.map((event: any) => [event.version, event]));
      for (const { cursor, reader } of await Promise.all(connecting)) {
        await reader.windowOf(version);
        expect(reader.changeVersions()).toEqual(integers(cursor + 1, version));
        for (const change of reader.changes()) {
          if (compacted.includes(change.version)) expect(change.type).toBe('compaction');
          else {
            const { seq, version: at, ...event } = logged.get(change.version);
            expect(change).toEqual({ type: 'event', version: at, seq, event });
          }
        }
        expectAscending(reader);
        expect(reader.frames.at(-1)).toMatchObject({ type: 'window', version });
      }
      await readers.closeAll();
    }
  });
});
