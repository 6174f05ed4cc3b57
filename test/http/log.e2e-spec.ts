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
  await fill('ten', 10);
  await fill('long', LONG);
});
afterAll(() => service.stop());

/** Appends so many events, each of which says which one it is. */
async function fill(id: string, count: number): Promise<void> {
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

async function page(id: string, query = ''): Promise<Page> {
  const response = await service.http.events(id, query);
  expect(response.status).toBe(200);
  const { events, next_cursor: next, ...rest } = response.body;
  expect(rest).toEqual({});
  expect(typeof next).toBe('number');
  return { seqs: events.map(({ seq }: { seq: number }) => seq), next };
}

const run = (from: number, to: number) =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, n) => from + n);

describe('GET /v1/conversations/:id/events', () => {
  it('returns each event as it was sent, with the server fields', async () => {
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

  it('keeps the version of each event, whatever is compacted in between', async () => {
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
    ['', run(1, 10), 10],
    ['?from_seq=1', run(1, 10), 10],
    ['?from_seq=0', run(1, 10), 10],
    ['?from_seq=-0', run(1, 10), 10],
    ['?from_seq=4', run(4, 10), 10],
    ['?from_seq=007', run(7, 10), 10],
    ['?from_seq=10', [10], 10],
    ['?from_seq=11', [], 10],
    ['?from_seq=100', [], 99],
    ['?to_seq=3', run(1, 3), 3],
    ['?to_seq=99', run(1, 10), 10],
    ['?from_seq=4&to_seq=6', run(4, 6), 6],
    ['?to_seq=6&from_seq=4', run(4, 6), 6],
    ['?from_seq=5&to_seq=5', [5], 5],
    ['?from_seq=11&to_seq=20', [], 10],
    ['?from_seq=-1', [10], 10],
    ['?from_seq=-3', run(8, 10), 10],
    ['?from_seq=-10', run(1, 10), 10],
    ['?from_seq=-11', run(1, 10), 10],
    ['?from_seq=-9007199254740991', run(1, 10), 10],
    ['?from_seq=-99999999999999999999', run(1, 10), 10],
    [`?from_seq=-${'9'.repeat(400)}&to_seq=3`, run(1, 3), 3],
    ['?from_seq=-5&to_seq=7', run(6, 7), 7],
    ['?from_seq=-3&to_seq=2', [], 7],
    ['?from_seq=9007199254740991', [], 9007199254740990],
    ['?to_seq=9007199254740991', run(1, 10), 10],
    ['?cursor=0', run(1, 10), 10],
    ['?cursor=-0', run(1, 10), 10],
    ['?cursor=4', run(5, 10), 10],
    ['?cursor=9', [10], 10],
    ['?cursor=10', [], 10],
    ['?cursor=11', [], 11],
    ['?cursor=9007199254740991', [], 9007199254740991],
    ['?limit=3', run(1, 3), 3],
    ['?limit=1', [1], 1],
    ['?limit=100000', run(1, 10), 10],
    ['?cursor=4&limit=2', run(5, 6), 6],
    ['?from_seq=4&limit=2', run(4, 5), 5],
    ['?from_seq=-4&limit=2', run(7, 8), 8],
    ['?from_seq=4&to_seq=9&limit=2', run(4, 5), 5],
    ['?from_seq=4&to_seq=5&limit=20', run(4, 5), 5],
    ['?to_seq=9&limit=2', run(1, 2), 2],
  ] as [string, number[], number][])('"%s" reads what it says', async (query, seqs, next) => {
    expect(await page('ten', query)).toEqual({ seqs, next });
  });

  it.each([
    ['', 0],
    ['?cursor=0', 0],
    ['?cursor=5', 5],
    ['?from_seq=1', 0],
    ['?from_seq=-5', 0],
    ['?from_seq=3', 2],
    ['?to_seq=5', 0],
  ])('"%s" reads nothing of an empty log, and has a cursor all the same', async (query, next) => {
    expect(await page('empty', query)).toEqual({ seqs: [], next });
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
  ])('"%s" is rejected with the name of the parameter', async (query, named) => {
    const response = await service.http.events('ten', query);
    expectError(response, 400);
    expect(new Set(response.body.details.map(({ path }: { path: string }) => path))).toEqual(
      new Set([named]),
    );
  });

  it('responds 404 if the conversation does not exist', async () => {
    for (const query of ['', '?cursor=0', '?from_seq=-5', '?from_seq=1&to_seq=2'])
      expectError(await service.http.events('absent', query), 404);
  });

  it('returns 100 events after a cursor and 1000 of a range without a limit', async () => {
    expect(await page('long')).toEqual({ seqs: run(1, 100), next: 100 });
    expect(await page('long', '?cursor=150')).toEqual({ seqs: run(151, 250), next: 250 });
    expect(await page('long', '?from_seq=1')).toEqual({ seqs: run(1, 1000), next: 1000 });
    expect(await page('long', '?to_seq=2400')).toEqual({ seqs: run(1, 1000), next: 1000 });
    expect(await page('long', '?from_seq=500&to_seq=1700')).toEqual({ seqs: run(500, 1499), next: 1499 });
    expect(await page('long', '?from_seq=-2000')).toEqual({ seqs: run(501, 1500), next: 1500 });
    expect(await page('long', '?from_seq=-100')).toEqual({ seqs: run(2401, 2500), next: 2500 });
  });

  it('treats a limit over 1000 as 1000, after a cursor and for a range', async () => {
    for (const limit of [
      '1000',
      '1001',
      '5000',
      '9007199254740991',
      '99999999999999999999',
      '9'.repeat(400),
    ]) {
      expect(await page('long', `?limit=${limit}`)).toEqual({ seqs: run(1, 1000), next: 1000 });
      expect(await page('long', `?cursor=7&limit=${limit}`)).toEqual({ seqs: run(8, 1007), next: 1007 });
      expect(await page('long', `?from_seq=8&limit=${limit}`)).toEqual({ seqs: run(8, 1007), next: 1007 });
    }
    expect((await page('long', '?cursor=7&limit=999')).seqs).toHaveLength(999);
  });

  it.each([1000, 999, 100, 37])(
    'gives each of 2,500 events once to a reader by pages of %i',
    async (limit) => {
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
      expect(ids).toEqual(run(1, LONG).map((seq) => `e-${seq}`));
    },
  );

  it('continues at next_cursor after a range was cut', async () => {
    const first = await page('long', '?from_seq=-1200');
    const second = await page('long', `?cursor=${first.next}&limit=1000`);
    expect([...first.seqs, ...second.seqs]).toEqual(run(1301, LONG));
  });

  it('returns every event once and in order to a reader who pages while events are appended', async () => {
    await service.http.put('growing');
    const total = 300;
    const writing = (async () => {
      for (let sent = 0; sent < total; sent += 10) {
        await Promise.all(run(1, 10).map(() => service.http.append('growing', { event: EVENT })));
      }
    })();
    const seen: number[] = [];
    for (let cursor = 0; seen.length < total;) {
      const { seqs, next } = await page('growing', `?cursor=${cursor}&limit=7`);
      seen.push(...seqs);
      cursor = next;
    }
    await writing;
    expect(seen).toEqual(run(1, total));
  });
});

describe('a page of big events', () => {
  const big = (bytes: number, seq: number) => ({
    event: { role: 'user', parts: [{ type: 'file', data: 'x'.repeat(bytes), n: seq }], token_count: 1 },
  });
  beforeAll(async () => {
    await service.http.put('big');
    for (const seq of run(1, 5)) await service.http.append('big', big(3 * MIB, seq));
    // Larger than a page by itself, then small ones.
    await service.http.append('big', big(10 * MIB, 6));
    for (const seq of run(7, 9)) await service.http.append('big', big(10, seq));
  });

  it('ends at about 8 MiB, after at least one event, and continues at its cursor', async () => {
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

  it('ends early for a range too, with next_cursor at its last event', async () => {
    expect(await page('big', '?from_seq=2&to_seq=9')).toEqual({ seqs: [2, 3], next: 3 });
    expect(await page('big', '?from_seq=-4')).toEqual({ seqs: [6], next: 6 });
    expect(await page('big', '?from_seq=6&to_seq=6')).toEqual({ seqs: [6], next: 6 });
    expect(await page('big', '?from_seq=4&limit=1')).toEqual({ seqs: [4], next: 4 });
  });

  it('counts the uncompressed size of events that compress well', async () => {
    await service.http.put('squeezed');
    for (const seq of run(1, 3)) await service.http.append('squeezed', big(5 * MIB, seq));
    expect((await page('squeezed')).seqs).toEqual([1]);
  });
});

describe('the ETag of a log page', () => {
  const get = (id: string, query: string, tag?: string) =>
    service.http.request('GET', `/v1/conversations/${id}/events${query}`, {
      headers: tag === undefined ? {} : { 'if-none-match': tag },
    });
  const tagOf = async (id: string, query: string) => (await get(id, query)).headers.get('etag')!;

  it('gives 304 without a body while the page is unchanged', async () => {
    for (const query of ['', '?from_seq=2&to_seq=4', '?cursor=3&limit=2', '?cursor=10', '?from_seq=-3']) {
      const tag = await tagOf('ten', query);
      expect(tag).toMatch(/^"\d+-\d+-[a-z0-9]+-[\w-]{11}"$/);
      const response = await get('ten', query, tag);
      expect([response.status, response.text, response.headers.get('etag')]).toEqual([304, '', tag]);
      expect((await get('ten', query, '"other"')).status).toBe(200);
    }
  });

  it.each([
    ['reaches to the end of the log', '', true],
    ['follows the last event', '?cursor=3', true],
    ['counts from the end', '?from_seq=-2&limit=1', true],
    ['has room for more', '?cursor=1&limit=3', true],
    ['is full', '?cursor=1&limit=2', false],
    ['ends before', '?from_seq=1&to_seq=3', false],
    ['ends behind what was there', '?from_seq=1&to_seq=4', true],
  ])('of a page that %s (%s) is another after an append: %s', async (what, query, isAnother) => {
    const id = `tagged ${what}`;
    await service.http.put(id);
    await fill(id, 3);
    const before = await get(id, query);
    await fill(id, 1);
    const after = await get(id, query, before.headers.get('etag')!);
    expect(after.status).toBe(isAnother ? 200 : 304);
    expect((await get(id, query)).text === before.text).toBe(!isAnother);
  });

  it('differs between conversations: a tag from before a database was recreated matches no page', async () => {
    const query = '?from_seq=1&to_seq=2';
    const tag = await tagOf('ten', query);
    expect((await get('long', query, tag)).status).toBe(200);
  });

  it('does not mix up pages of conversations that were created at the same time', async () => {
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

  it('does not keep a reader at the end of the log from waiting', async () => {
    await service.http.put('waited');
    const tag = await tagOf('waited', '?cursor=0');
    const nothing = await get('waited', '?cursor=0&wait_ms=50', tag);
    expect([nothing.status, nothing.text]).toEqual([304, '']);
    const waiting = get('waited', '?cursor=0&wait_ms=50000', tag);
    await fill('waited', 1);
    expect((await waiting).body).toMatchObject({ next_cursor: 1 });
  });
});
