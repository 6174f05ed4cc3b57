import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createConversation, summary } from '../support/compacted-conversation.js';
import { expectError, violationPaths } from '../support/error-shape.js';
import { TestService } from '../support/test-service.js';

const MIB = 1024 * 1024;

let service: TestService;
beforeAll(
  async () => (service = await TestService.start({ env: { FASTPACA_BODY_LIMIT: String(12 * MIB) } })),
);
afterAll(() => service.stop());

const withdraw = async (id: string, from: number, to?: number) => {
  const { status, body } = await service.http.withdraw(id, { from_seq: from, to_seq: to });
  expect(status).toBe(200);
  return body.version as number;
};

/** The events of a page as `seq`, or `seq@version` if they are marked as withdrawn; then its cursor. */
async function page(id: string, query = ''): Promise<string> {
  const { status, body } = await service.http.events(id, query);
  expect(status).toBe(200);
  const events = body.events.map(({ seq, withdrawn_at_version: at }: any) => (at ? `${seq}@${at}` : seq));
  return `${events.join(' ')} > ${body.next_cursor}`;
}

describe('GET /v1/conversations/:id/events of a conversation with withdrawn events', () => {
  it('marks them with the version of their withdrawal, and changes nothing else', async () => {
    await createConversation(service.http, 'marks', 5);
    const before = (await service.http.events('marks')).text;
    await withdraw('marks', 2, 3);
    expect(await page('marks')).toBe('1 2@6 3@6 4 5 > 5');
    expect((await service.http.events('marks')).text.replaceAll(',"withdrawn_at_version":6', '')).toBe(
      before,
    );
    expect(await page('marks', '?withdrawn=include')).toBe('1 2@6 3@6 4 5 > 5');
    expect(await page('marks', '?cursor=2&limit=2')).toBe('3@6 4 > 4');
    expect(await page('marks', '?from_seq=-4&to_seq=2')).toBe('2@6 > 2');
  });

  it('keeps the first mark when a later withdrawal or summary covers them', async () => {
    await createConversation(service.http, 'covered', 6);
    await withdraw('covered', 3, 3);
    await withdraw('covered', 2, 4);
    const range = { from_seq: 1, to_seq: 5, replacement: [summary('so far')] };
    expect((await service.http.compact('covered', range)).body.version).toBe(9);
    expect(await page('covered')).toBe('1 2@8 3@7 4@8 5 6 > 6');
  });

  it('marks none of a conversation with compactions only', async () => {
    await createConversation(service.http, 'compacted', 3);
    const range = { from_seq: 1, to_seq: 2, replacement: [summary('so far')] };
    await service.http.compact('compacted', range);
    expect(await page('compacted')).toBe('1 2 3 > 3');
    expect(await page('compacted', '?withdrawn=exclude')).toBe('1 2 3 > 3');
  });

  it('drops the mark of an event that is appended again', async () => {
    await createConversation(service.http, 'copied', 2);
    await withdraw('copied', 1, 1);
    const [event] = (await service.http.events('copied')).body.events;
    await service.http.append('copied', { event });
    expect(await page('copied')).toBe('1@3 2 3 > 3');
  });
});

describe('withdrawn=exclude', () => {
  it('leaves out withdrawn events, and fills the page with others up to the limit', async () => {
    await createConversation(service.http, 'fill', 12);
    await withdraw('fill', 2, 4);
    await withdraw('fill', 6, 6);
    await withdraw('fill', 11, 12);
    const without = (query: string) => page('fill', `?withdrawn=exclude${query}`);
    expect(await without('')).toBe('1 5 7 8 9 10 > 12');
    expect(await without('&limit=3')).toBe('1 5 7 > 7');
    expect(await without('&cursor=1&limit=1')).toBe('5 > 5');
    expect(await without('&cursor=2')).toBe('5 7 8 9 10 > 12');
    expect(await without('&cursor=7&limit=3')).toBe('8 9 10 > 10');
    expect(await without('&cursor=10')).toBe(' > 12');
    expect(await without('&cursor=12')).toBe(' > 12');
    expect(await without('&from_seq=3&to_seq=6')).toBe('5 > 6');
    expect(await without('&from_seq=-2')).toBe(' > 12');
    expect(await without('&from_seq=-3')).toBe('10 > 12');
    expect(await without('&from_seq=7&to_seq=8')).toBe('7 8 > 8');
    expect(await without('&from_seq=100')).toBe(' > 99');
  });

  it('reaches every other event once with any limit, and the end of the log', async () => {
    await createConversation(service.http, 'walk', 30);
    for (const [from, to] of [
      [1, 3],
      [5, 5],
      [7, 15],
      [17, 18],
      [28, 29],
    ] as const)
      await withdraw('walk', from, to);
    const others = [4, 6, 16, 19, 20, 21, 22, 23, 24, 25, 26, 27, 30];
    for (const limit of [1, 2, 3, 5, 13, 14]) {
      const seqs: number[] = [];
      let cursor = 0;
      for (;;) {
        const { body } = await service.http.events(
          'walk',
          `?withdrawn=exclude&cursor=${cursor}&limit=${limit}`,
        );
        if (body.events.length === 0) break;
        seqs.push(...body.events.map(({ seq }: any) => seq));
        cursor = body.next_cursor;
      }
      expect(seqs).toEqual(others);
    }
  });

  it('is an empty page, and its cursor the end of the log, if all events are withdrawn', async () => {
    await createConversation(service.http, 'all', 3);
    await withdraw('all', 1);
    expect(await page('all', '?withdrawn=exclude')).toBe(' > 3');
    await service.http.say('all', 'm4');
    expect(await page('all', '?withdrawn=exclude&cursor=3')).toBe('4 > 4');
  });

  it('ends a page at about 8 MiB, after at least one event', async () => {
    await service.http.put('large');
    const large = { role: 'user', content: 'x'.repeat(5 * MIB), token_count: 1 };
    for (let n = 0; n < 4; n += 1)
      expect((await service.http.append('large', { event: large })).status).toBe(201);
    await withdraw('large', 2, 2);
    expect(await page('large', '?withdrawn=exclude')).toBe('1 > 1');
    expect(await page('large', '?withdrawn=exclude&cursor=1')).toBe('3 > 3');
    expect(await page('large', '?withdrawn=exclude&cursor=3')).toBe('4 > 4');
  });

  it.each(['', 'no', 'EXCLUDE'])('rejects %p as a value', async (value) => {
    const response = await service.http.events('fill', `?withdrawn=${value}`);
    expectError(response, 400);
    expect(violationPaths(response)).toEqual(['withdrawn']);
  });

  it('answers a long poll with what is not withdrawn', async () => {
    await createConversation(service.http, 'poll', 2);
    const poll = service.http.events('poll', '?withdrawn=exclude&cursor=2&wait_ms=55000');
    await withdraw('poll', 1, 1); // no event: the poll waits on
    await service.http.say('poll', 'm3');
    expect((await poll).body).toMatchObject({ events: [{ seq: 3 }], next_cursor: 3 });
    await service.http.say('poll', 'm4');
    await withdraw('poll', 4);
    expect(await page('poll', '?withdrawn=exclude&cursor=3&wait_ms=55000')).toBe(' > 4');
  });
});

describe('the ETag of a page', () => {
  it('stays while no event of the page is withdrawn, and changes on every node when one is', async () => {
    const other = await TestService.start({ database: service.database });
    try {
      await createConversation(service.http, 'tags', 6);
      const nodes = [service, other];
      const read = ({ http }: TestService, query: string, tag?: string) =>
        http.request('GET', http.path('tags', `/events${query}`), {
          headers: tag === undefined ? {} : { 'if-none-match': tag },
        });
      const tagsOf = async (query: string) =>
        Promise.all(nodes.map(async (node) => (await read(node, query)).headers.get('etag')!));
      const first = (await tagsOf('?from_seq=1&to_seq=3'))[0]!;
      const last = (await tagsOf('?from_seq=4&to_seq=6'))[0]!;
      await withdraw('tags', 5, 5);
      for (const node of nodes) {
        expect((await read(node, '?from_seq=1&to_seq=3', first)).status).toBe(304);
        const changed = await read(node, '?from_seq=4&to_seq=6', last);
        expect([changed.status, changed.body.events[1].withdrawn_at_version]).toEqual([200, 7]);
        const excluded = await read(node, '?from_seq=4&to_seq=6&withdrawn=exclude', last);
        expect(excluded.body.events.map(({ seq }: any) => seq)).toEqual([4, 6]);
        const marked = changed.headers.get('etag')!;
        expect(excluded.headers.get('etag')).not.toBe(marked);
        expect((await read(node, '?from_seq=4&to_seq=6&withdrawn=exclude', marked)).status).toBe(200);
        expect((await read(node, '?from_seq=4&to_seq=6', marked)).status).toBe(304);
      }
      expect(new Set(await tagsOf('?from_seq=4&to_seq=6')).size).toBe(1);
      await withdraw('tags', 4, 4);
      expect(await page('tags', '?from_seq=4&to_seq=6')).toBe('4@8 5@7 6 > 6');
    } finally {
      await other.stop();
    }
  });
});
