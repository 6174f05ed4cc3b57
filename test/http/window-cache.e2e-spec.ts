import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { TestService } from '../support/test-service.js';

const HOUR = { strategy: 'time_window', config: { max_age_seconds: 3600 } };

/** Two nodes that cache windows, pages and events, and a node on the same database without caches. */
let nodes: TestService[];
let uncached: TestService;

beforeAll(async () => {
  const first = await TestService.start();
  const more = (env: Record<string, string>) => TestService.start({ env, database: first.database });
  nodes = [first, await more({ FASTPACA_CACHE_BYTES: '200000' })];
  uncached = await more({ FASTPACA_CACHE_BYTES: '0' });
});
afterAll(async () => {
  for (const service of [uncached, ...nodes.reverse()]) await service.stop();
});

const http = (node = 0) => nodes[node]!.http;

/** A request to one of the nodes. */
type Step =
  | { kind: 'append'; node: number; sizes: number[] }
  | { kind: 'compact'; node: number; from: number; length: number }
  | { kind: 'settings'; node: number; settings: Record<string, unknown> }
  | { kind: 'read'; budgets: (number | undefined)[] }
  | { kind: 'page'; query: string };

const node = fc.integer({ min: 0, max: 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      node,
      sizes: fc.array(fc.constantFrom(0, 0, 1, 2, 5, 10, 30, 60), { minLength: 1, maxLength: 6 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('compact' as const),
      node,
      from: fc.integer({ min: 1, max: 30 }),
      length: fc.integer({ min: 0, max: 20 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('settings' as const),
      node,
      settings: fc.constantFrom<Record<string, unknown>[]>(
        { token_budget: 60 },
        { token_budget: 100_000 },
        { trigger_ratio: 0.2 },
        { policy: { strategy: 'last_n', config: { limit: 5 } } },
        { policy: { strategy: 'last_n', config: { limit: 12, trim_to: 4 } } },
        { policy: { strategy: 'budget' } },
        { policy: { strategy: 'strip_tool_results', config: { limit: 6 } } },
        { policy: HOUR },
      ),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('read' as const),
      budgets: fc.array(fc.constantFrom(undefined, 40, 45, 60, 90, 91, 400), { minLength: 1, maxLength: 3 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('page' as const),
      query: fc.oneof(
        fc.constantFrom('', '?from_seq=-8', '?from_seq=-20', '?cursor=0', '?cursor=5&limit=10'),
        fc.integer({ min: 0, max: 60 }).map((cursor) => `?cursor=${cursor}`),
        fc
          .tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 20 }))
          .map(([from, length]) => `?from_seq=${from}&to_seq=${from + length}`),
      ),
    }),
  },
);

let conversations = 0;

async function runSteps(steps: readonly Step[]): Promise<void> {
  const id = `steps-${(conversations += 1)}`;
  await http().put(id, { token_budget: 300, policy: { strategy: 'last_n', config: { limit: 8 } } });
  for (const each of [...steps, { kind: 'read' as const, budgets: [undefined, 90] }]) {
    switch (each.kind) {
      case 'append': {
        const events = each.sizes.map((tokens, index) => ({
          role: index % 3 === 2 ? 'tool' : 'user',
          parts: [{ type: index % 3 === 2 ? 'tool_result' : 'text', text: `${tokens} tokens` }],
          token_count: tokens,
        }));
        expect((await http(each.node).append(id, { events })).status).toBe(201);
        break;
      }
      case 'compact': {
        const range = { from_seq: each.from, to_seq: each.from + each.length };
        const replacement = [{ role: 'system', content: `summary up to ${range.to_seq}` }];
        expect([200, 400]).toContain((await http(each.node).compact(id, { ...range, replacement })).status);
        break;
      }
      case 'settings':
        expect((await http(each.node).put(id, each.settings)).status).toBe(200);
        break;
      case 'read':
        for (const budget of each.budgets) {
          const query = budget === undefined ? '' : `?budget_tokens=${budget}`;
          const expected = await uncached.http.window(id, query);
          for (const { http: reader } of nodes) {
            const window = await reader.window(id, query);
            expect(window.text).toBe(expected.text);
            expect(window.headers.get('etag')).toBe(expected.headers.get('etag'));
          }
        }
        break;
      case 'page': {
        const expected = await uncached.http.events(id, each.query);
        for (const { http: reader } of nodes) {
          const page = await reader.events(id, each.query);
          expect(page.text).toBe(expected.text);
          expect(page.headers.get('etag')).toBe(expected.headers.get('etag'));
        }
      }
    }
  }
}

describe('a node that caches windows, pages and events', () => {
  it('returns the same bytes as a node without caches after any sequence of requests', async () => {
    await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 40 }), runSteps), {
      numRuns: Number(process.env.ROUNDS ?? 40),
      endOnFailure: true,
    });
  });

  it('returns every completed append while others append and read', async () => {
    const id = 'busy';
    await http().put(id, {
      token_budget: 100_000,
      policy: { strategy: 'last_n', config: { limit: 20, trim_to: 20 } },
    });
    await Promise.all(
      Array.from({ length: 8 }, async (_, writer) => {
        for (let turn = 0; turn < 15; turn += 1) {
          const appended = await http(writer % 2).say(id, `${writer}/${turn}`);
          const { body } = await http((writer + turn) % 2).window(id);
          expect(body.version).toBeGreaterThanOrEqual(appended.body.version);
          const seqs = body.messages.map(({ seq }: { seq: number }) => seq);
          expect(seqs).toEqual(
            seqs.map((_: number, index: number) => body.version - seqs.length + 1 + index),
          );
          expect(seqs).toHaveLength(Math.min(20, body.version));
        }
      }),
    );
    expect((await http().window(id)).text).toBe((await uncached.http.window(id)).text);
  });
});

describe('the ETag of a window', () => {
  const tagOf = async (id: string, query = '') => (await http().window(id, query)).headers.get('etag');
  const readWithTag = (id: string, tag: string, query = '') =>
    http().request('GET', `/v1/conversations/${id}/window${query}`, { headers: { 'if-none-match': tag } });

  it('yields a 304 without a body on every node while the window is unchanged', async () => {
    await http().put('tagged', { token_budget: 1000 });
    await http().say('tagged', 'a');
    const tag = (await tagOf('tagged'))!;
    expect(tag).toMatch(/^"1-[\w-]{22}"$/);
    for (const header of [tag, `W/${tag}`, `"other", ${tag}`, '*']) {
      const response = await readWithTag('tagged', header);
      expect([response.status, response.text, response.headers.get('etag')]).toEqual([304, '', tag]);
    }
    const response = await nodes[1]!.http.request('GET', '/v1/conversations/tagged/window', {
      headers: { 'if-none-match': tag },
    });
    expect(response.status).toBe(304);
    expect((await readWithTag('tagged', '"other"')).status).toBe(200);
  });

  it.each([
    ['an append', () => http(1).say('changing', 'more')],
    [
      'a compaction',
      () =>
        http(1).compact('changing', {
          from_seq: 1,
          to_seq: 1,
          replacement: [{ role: 'user', content: 's' }],
        }),
    ],
    ['a new token_budget', () => http(1).put('changing', { token_budget: 999 })],
    ['a new trigger_ratio', () => http(1).put('changing', { trigger_ratio: 0.1 })],
    ['a new policy', () => http(1).put('changing', { policy: { strategy: 'budget' } })],
    [
      'a new policy config',
      () => http(1).put('changing', { policy: { strategy: 'budget', config: { max_tokens: 50 } } }),
    ],
  ])('changes after %s', async (_, change) => {
    await http().put('changing', { token_budget: 1000 });
    await http().say('changing', 'a');
    const tag = (await tagOf('changing'))!;
    await change();
    const response = await readWithTag('changing', tag);
    expect(response.status).toBe(200);
    expect(response.headers.get('etag')).not.toBe(tag);
  });

  it('depends on budget_tokens, but not on metadata', async () => {
    await http().put('other', { token_budget: 1000 });
    const tag = await tagOf('other');
    expect(await tagOf('other', '?budget_tokens=10')).not.toBe(tag);
    await http().patch('other', { a: 1 });
    expect(await tagOf('other')).toBe(tag);
  });

  it('is absent if the window depends on the clock, and such a window never yields a 304', async () => {
    await http().put('timed', { token_budget: 1000, policy: HOUR });
    expect(await tagOf('timed')).toBeNull();
    expect((await readWithTag('timed', '*')).status).toBe(200);
  });

  it('does not override if_version: a version mismatch yields a 409', async () => {
    await http().put('guarded', { token_budget: 1000 });
    const tag = (await tagOf('guarded'))!;
    expect((await readWithTag('guarded', tag, '?if_version=7')).status).toBe(409);
  });
});
