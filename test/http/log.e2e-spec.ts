import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { expectError } from '../support/error-shape.js';
import { TestService } from '../support/test-service.js';

const EVENT = { role: 'user', parts: [{ type: 'text', text: 'hello' }], token_count: 1 };
const MIB = 1024 * 1024;
const LONG = 2500;

let service: TestService;
beforeAll(async () => {
  service = await TestService.start({ env: { FASTPACA_BODY_LIMIT: String(12 * MIB) } });
  for (const id of ['ten', 'empty', 'long']) await service.http.put(id);
  await appendEvents('ten', 10);
  await appendEvents('long', LONG);
});
afterAll(() => service.stop());

/** Appends `count` events with the ids `e-1`, `e-2`, … */
async function appendEvents(id: string, count: number): Promise<void> {
  for (let from = 0; from < count; from += 100) {
    const events = Array.from({ length: Math.min(100, count - from) }, (_, index) => ({
      ...EVENT,
      id: `e-${from + index + 1}`,
    }));
    expect((await service.http.append(id, { events })).status).toBe(201);
  }
}

interface Page {
  seqs: number[];
  next: number;
}

async function readPage(id: string, query = ''): Promise<Page> {
  const response = await service.http.events(id, query);
  expect(response.status).toBe(200);
  const { events, next_cursor: next, ...rest } = response.body;
  expect(rest).toEqual({});
  expect(typeof next).toBe('number');
  return { seqs: events.map(({ seq }: { seq: number }) => seq), next };
}

const seqRange = (from: number, to: number) =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, n) => from + n);

describe('GET /v1/conversations/:id/events', () => {
  it('returns each event unchanged, with the server fields added', async () => {
    await service.http.put('shape');
    const event = { role: 'tool', parts: [{ type: 'tool_result', output: { a: 1 } }], id: 'x', own: [1] };
    const { version } = (await service.http.append('shape', { event })).body;
    const { events } = (await service.http.events('shape')).body;
    expect(events).toEqual([
      {
        ...event,
        seq: 1,
        version,
        token_estimate: expect.any(Number),
        inserted_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      },
    ]);
  });

  it('returns the version at which each event was appended, with compactions in between', async () => {
    await service.http.put('versions');
    for (const version of [1, 3, 5]) {
      const response = await service.http.append('versions', { event: EVENT });
      expect(response.body.version).toBe(version);
      await service.http.compact('versions', { from_seq: 1, to_seq: 1, replacement: [EVENT] });
    }
    const { events } = (await service.http.events('versions')).body;
    expect(events.map(({ seq, version }: any) => [seq, version])).toEqual([
      [1, 1],
      [2, 3],
      [3, 5],
    ]);
  });

  it.each([
    ['', seqRange(1, 10), 10],
    ['?from_seq=1', seqRange(1, 10), 10],
    ['?from_seq=0', seqRange(1, 10), 10],
    ['?from_seq=-0', seqRange(1, 10), 10],
    ['?from_seq=4', seqRange(4, 10), 10],
    ['?from_seq=007', seqRange(7, 10), 10],
    ['?from_seq=10', [10], 10],
    ['?from_seq=11', [], 10],
    ['?from_seq=100', [], 99],
    ['?to_seq=3', seqRange(1, 3), 3],
    ['?to_seq=99', seqRange(1, 10), 10],
    ['?from_seq=4&to_seq=6', seqRange(4, 6), 6],
    ['?to_seq=6&from_seq=4', seqRange(4, 6), 6],
    ['?from_seq=5&to_seq=5', [5], 5],
    ['?from_seq=11&to_seq=20', [], 10],
    ['?from_seq=-1', [10], 10],
    ['?from_seq=-3', seqRange(8, 10), 10],
    ['?from_seq=-10', seqRange(1, 10), 10],
    ['?from_seq=-11', seqRange(1, 10), 10],
    ['?from_seq=-9007199254740991', seqRange(1, 10), 10],
    ['?from_seq=-99999999999999999999', seqRange(1, 10), 10],
    [`?from_seq=-${'9'.repeat(400)}&to_seq=3`, seqRange(1, 3), 3],
    ['?from_seq=-5&to_seq=7', seqRange(6, 7), 7],
    ['?from_seq=-3&to_seq=2', [], 7],
    ['?from_seq=9007199254740991', [], 9007199254740990],
    ['?to_seq=9007199254740991', seqRange(1, 10), 10],
    ['?cursor=0', seqRange(1, 10), 10],
    ['?cursor=-0', seqRange(1, 10), 10],
    ['?cursor=4', seqRange(5, 10), 10],
    ['?cursor=9', [10], 10],
    ['?cursor=10', [], 10],
    ['?cursor=11', [], 11],
    ['?cursor=9007199254740991', [], 9007199254740991],
    ['?limit=3', seqRange(1, 3), 3],
    ['?limit=1', [1], 1],
    ['?limit=100000', seqRange(1, 10), 10],
    ['?cursor=4&limit=2', seqRange(5, 6), 6],
    ['?from_seq=4&limit=2', seqRange(4, 5), 5],
    ['?from_seq=-4&limit=2', seqRange(7, 8), 8],
    ['?from_seq=4&to_seq=9&limit=2', seqRange(4, 5), 5],
    ['?from_seq=4&to_seq=5&limit=20', seqRange(4, 5), 5],
    ['?to_seq=9&limit=2', seqRange(1, 2), 2],
  ] as [string, number[], number][])('returns the requested page for "%s"', async (query, seqs, next) => {
    expect(await readPage('ten', query)).toEqual({ seqs, next });
  });

  it.each([
    ['', 0],
    ['?cursor=0', 0],
    ['?cursor=5', 5],
    ['?from_seq=1', 0],
    ['?from_seq=-5', 0],
    ['?from_seq=3', 2],
    ['?to_seq=5', 0],
  ])('returns no events but a next_cursor for "%s" of an empty log', async (query, next) => {
    expect(await readPage('empty', query)).toEqual({ seqs: [], next });
  });

  it.each([
    ['?cursor=1&from_seq=1', 'cursor'],
    ['?cursor=1&to_seq=5', 'cursor'],
    ['?cursor=0&from_seq=-5', 'cursor'],
    ['?cursor=1&from_seq=1&to_seq=2&limit=1', 'cursor'],
    ['?from_seq=5&to_seq=4', 'to_seq'],
    ['?from_seq=100&to_seq=99', 'to_seq'],
    ['?to_seq=0', 'to_seq'],
    ['?to_seq=-1', 'to_seq'],
    ['?from_seq=1&to_seq=-1', 'to_seq'],
    ['?limit=0', 'limit'],
    ['?limit=-1', 'limit'],
    ['?cursor=-1', 'cursor'],
    ['?cursor=', 'cursor'],
    ['?from_seq=1.5', 'from_seq'],
    ['?from_seq=abc', 'from_seq'],
    ['?limit=10x', 'limit'],
    ['?from=1', 'from'],
  ])('rejects "%s" with the name of the parameter', async (query, path) => {
    const response = await service.http.events('ten', query);
    expectError(response, 400);
    expect(new Set(response.body.details.map(({ path }: { path: string }) => path))).toEqual(new Set([path]));
  });

  it('returns 404 if the conversation does not exist', async () => {
    for (const query of ['', '?cursor=0', '?from_seq=-5', '?from_seq=1&to_seq=2'])
      expectError(await service.http.events('absent', query), 404);
  });

  it('returns up to 100 events after a cursor and 1,000 of a range without a limit', async () => {
    expect(await readPage('long')).toEqual({ seqs: seqRange(1, 100), next: 100 });
    expect(await readPage('long', '?cursor=150')).toEqual({ seqs: seqRange(151, 250), next: 250 });
    expect(await readPage('long', '?from_seq=1')).toEqual({ seqs: seqRange(1, 1000), next: 1000 });
    expect(await readPage('long', '?to_seq=2400')).toEqual({ seqs: seqRange(1, 1000), next: 1000 });
    expect(await readPage('long', '?from_seq=500&to_seq=1700')).toEqual({
      seqs: seqRange(500, 1499),
      next: 1499,
    });
    expect(await readPage('long', '?from_seq=-2000')).toEqual({ seqs: seqRange(501, 1500), next: 1500 });
    expect(await readPage('long', '?from_seq=-100')).toEqual({ seqs: seqRange(2401, 2500), next: 2500 });
  });

  it('treats a limit above 1,000 as 1,000, after a cursor and for a range', async () => {
    for (const limit of [
      '1000',
      '1001',
      '5000',
      '9007199254740991',
      '99999999999999999999',
      '9'.repeat(400),
    ]) {
      expect(await readPage('long', `?limit=${limit}`)).toEqual({ seqs: seqRange(1, 1000), next: 1000 });
      expect(await readPage('long', `?cursor=7&limit=${limit}`)).toEqual({
        seqs: seqRange(8, 1007),
        next: 1007,
      });
      expect(await readPage('long', `?from_seq=8&limit=${limit}`)).toEqual({
        seqs: seqRange(8, 1007),
        next: 1007,
      });
    }
    expect((await readPage('long', '?cursor=7&limit=999')).seqs).toHaveLength(999);
  });

  it.each([1000, 999, 100, 37])('returns each of 2,500 events once in pages of %i', async (limit) => {
    const ids: string[] = [];
    for (let cursor = 0; ;) {
      const { body } = await service.http.events('long', `?cursor=${cursor}&limit=${limit}`);
      ids.push(...body.events.map(({ id }: { id: string }) => id));
      if (body.events.length === 0) {
        expect(body.next_cursor).toBe(cursor);
        break;
      }
      expect(body.next_cursor).toBe(body.events.at(-1).seq);
      cursor = body.next_cursor;
    }
    expect(ids).toEqual(seqRange(1, LONG).map((seq) => `e-${seq}`));
  });

  it('continues at next_cursor after a truncated range', async () => {
    const first = await readPage('long', '?from_seq=-1200');
    const second = await readPage('long', `?cursor=${first.next}&limit=1000`);
    expect([...first.seqs, ...second.seqs]).toEqual(seqRange(1301, LONG));
  });

  it('returns every event once and in order while events are appended', async () => {
    await service.http.put('growing');
    const total = 300;
    const writing = (async () => {
      for (let sent = 0; sent < total; sent += 10) {
        await Promise.all(seqRange(1, 10).map(() => service.http.append('growing', { event: EVENT })));
      }
    })();
    const seen: number[] = [];
    for (let cursor = 0; seen.length < total;) {
      const { seqs, next } = await readPage('growing', `?cursor=${cursor}&limit=7`);
      seen.push(...seqs);
      cursor = next;
    }
    await writing;
    expect(seen).toEqual(seqRange(1, total));
  });
});

describe('a page of large events', () => {
  const big = (bytes: number, seq: number) => ({
    event: { role: 'user', parts: [{ type: 'file', data: 'x'.repeat(bytes), n: seq }], token_count: 1 },
  });
  beforeAll(async () => {
    await service.http.put('big');
    for (const seq of seqRange(1, 5)) await service.http.append('big', big(3 * MIB, seq));
    // One event larger than a page, then small events.
    await service.http.append('big', big(10 * MIB, 6));
    for (const seq of seqRange(7, 9)) await service.http.append('big', big(10, seq));
  });

  it('ends at about 8 MiB, has at least one event, and continues at next_cursor', async () => {
    const pages: number[][] = [];
    for (let cursor = 0; ;) {
      const response = await service.http.events('big', `?cursor=${cursor}`);
      const { events, next_cursor: next } = response.body;
      if (events.length === 0) break;
      if (events.length > 1) expect(response.text.length).toBeLessThan(8.1 * MIB);
      for (const { seq, parts } of events) expect([seq, parts[0].n]).toEqual([seq, seq]);
      pages.push(events.map(({ seq }: { seq: number }) => seq));
      cursor = next;
    }
    expect(pages).toEqual([[1, 2], [3, 4], [5], [6], [7, 8, 9]]);
  });

  it('ends at about 8 MiB for a range too, with next_cursor at its last event', async () => {
    expect(await readPage('big', '?from_seq=2&to_seq=9')).toEqual({ seqs: [2, 3], next: 3 });
    expect(await readPage('big', '?from_seq=-4')).toEqual({ seqs: [6], next: 6 });
    expect(await readPage('big', '?from_seq=6&to_seq=6')).toEqual({ seqs: [6], next: 6 });
    expect(await readPage('big', '?from_seq=4&limit=1')).toEqual({ seqs: [4], next: 4 });
  });

  it('is limited by the uncompressed size of its events', async () => {
    await service.http.put('squeezed');
    for (const seq of seqRange(1, 3)) await service.http.append('squeezed', big(5 * MIB, seq));
    expect((await readPage('squeezed')).seqs).toEqual([1]);
  });
});

describe('the ETag of a log page', () => {
  const get = (id: string, query: string, tag?: string) =>
    service.http.request('GET', `/v1/conversations/${id}/events${query}`, {
      headers: tag === undefined ? {} : { 'if-none-match': tag },
    });
  const tagOf = async (id: string, query: string) => (await get(id, query)).headers.get('etag')!;

  it('yields a 304 without a body while the page is unchanged', async () => {
    for (const query of ['', '?from_seq=2&to_seq=4', '?cursor=3&limit=2', '?cursor=10', '?from_seq=-3']) {
      const tag = await tagOf('ten', query);
      expect(tag).toMatch(/^"\d+-\d+-[a-z0-9]+-[\w-]{11}"$/);
      const response = await get('ten', query, tag);
      expect([response.status, response.text, response.headers.get('etag')]).toEqual([304, '', tag]);
      expect((await get('ten', query, '"other"')).status).toBe(200);
    }
  });

  it.each([
    ['reaches the end of the log', '', true],
    ['starts after the last event', '?cursor=3', true],
    ['counts from the end', '?from_seq=-2&limit=1', true],
    ['is not full', '?cursor=1&limit=3', true],
    ['is full', '?cursor=1&limit=2', false],
    ['ends at an existing to_seq', '?from_seq=1&to_seq=3', false],
    ['ends at a to_seq beyond the log', '?from_seq=1&to_seq=4', true],
  ])('changes after an append if the page %s ("%s"): %s', async (name, query, changes) => {
    const id = `tagged ${name}`;
    await service.http.put(id);
    await appendEvents(id, 3);
    const before = await get(id, query);
    await appendEvents(id, 1);
    const after = await get(id, query, before.headers.get('etag')!);
    expect(after.status).toBe(changes ? 200 : 304);
    expect((await get(id, query)).text === before.text).toBe(!changes);
  });

  it('differs between conversations with the same seqs', async () => {
    const query = '?from_seq=1&to_seq=2';
    const tag = await tagOf('ten', query);
    expect((await get('long', query, tag)).status).toBe(200);
  });

  it('does not confuse pages of conversations that were created at the same time', async () => {
    for (const id of ['one', 'two']) {
      await service.http.put(id);
      await service.http.append(id, { event: { ...EVENT, id } });
    }
    await service.database.query(
      "UPDATE fastpaca.conversations SET created_at = now() WHERE id IN ('one', 'two')",
    );
    for (const id of ['one', 'two'])
      expect((await service.http.events(id)).body.events).toMatchObject([{ id }]);
  });

  it('does not end a long poll before an event is appended or wait_ms is over', async () => {
    await service.http.put('waited');
    const tag = await tagOf('waited', '?cursor=0');
    const nothing = await get('waited', '?cursor=0&wait_ms=50', tag);
    expect([nothing.status, nothing.text]).toEqual([304, '']);
    const waiting = get('waited', '?cursor=0&wait_ms=50000', tag);
    await appendEvents('waited', 1);
    expect((await waiting).body).toMatchObject({ next_cursor: 1 });
  });
});
