import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { TestService } from '../support/test-service.js';
import { textEvent, userEvents, WindowConversations } from '../support/window-conversations.js';

let service: TestService;
let uncached: TestService;
let windows: WindowConversations;
beforeAll(async () => {
  service = await TestService.start();
  uncached = await TestService.start({ database: service.database, env: { FASTPACA_CACHE_BYTES: '0' } });
  windows = new WindowConversations(service, 'past');
});
afterAll(async () => {
  await uncached.stop();
  await service.stop();
});

interface NewMessage {
  role: string;
  tokens: number;
  pinned: boolean;
}

type Change = { append: NewMessage[] } | { from: number; length: number; isWithdrawal: boolean };

const change: fc.Arbitrary<Change> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      append: fc.array(
        fc.record({
          role: fc.constantFrom('system', 'user', 'user', 'assistant'),
          tokens: fc.constantFrom(0, 1, 5, 10, 30),
          pinned: fc.nat(5).map((number) => number === 0),
        }),
        { minLength: 1, maxLength: 3 },
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      from: fc.integer({ min: 1, max: 20 }),
      length: fc.integer({ min: 0, max: 8 }),
      isWithdrawal: fc.boolean(),
    }),
  },
);

const policy = fc.constantFrom(
  { strategy: 'budget' },
  { strategy: 'last_n', config: { limit: 4 } },
  { strategy: 'skip_parts', config: { kinds: ['image'], limit: 6 } },
);

const QUERIES = ['', '&budget_tokens=25', '&format=anthropic'];

describe('GET /v1/conversations/:id/window?at_version=N', () => {
  it('returns the bytes that the window had at that version, whatever was read and cached meanwhile', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 10 }), policy, async (changes, policy) => {
        const id = await windows.create({ token_budget: 60, policy });
        const texts = new Map<string, string>();
        const record = async () => {
          for (const query of QUERIES) {
            const { text, body } = await uncached.http.window(
              id,
              `?if_version=${await versionOf(id)}${query}`,
            );
            texts.set(`at_version=${body.version}${query}`, text);
          }
        };
        await record();
        for (const each of changes) {
          await apply(id, each);
          await record();
        }
        for (const [query, text] of texts) {
          for (const { http } of [service, uncached, service])
            expect([query, (await http.window(id, `?${query}`)).text]).toEqual([query, text]);
          expect((await service.http.window(id)).text).toBe((await uncached.http.window(id)).text);
        }
      }),
      { numRuns: Number(process.env.RUNS ?? 10), endOnFailure: true },
    );
  });

  it('applies the settings of now', async () => {
    const id = await windows.create({ token_budget: 1000 }, userEvents(5, 10));
    await service.http.put(id, { token_budget: 25, policy: { strategy: 'budget' } });
    const { body } = await service.http.window(id, '?at_version=4');
    expect(body).toMatchObject({ version: 4, budget_tokens: 25 });
    expect(body.messages.map(({ seq }: { seq: number }) => seq)).toEqual([3, 4]);
  });

  it('does not know compactions and events after the version', async () => {
    const id = await windows.create({ policy: { strategy: 'budget' } }, userEvents(4, 10));
    await windows.summarize(id, 1, 2);
    await windows.summarize(id, 1, 3);
    await service.http.say(id, 'later');
    const segments = async (version: number) =>
      (await service.http.window(id, `?at_version=${version}`)).body.segments;
    expect(await segments(0)).toEqual([]);
    expect(await segments(4)).toEqual([{ type: 'live', from_seq: 1, to_seq: 4 }]);
    expect(await segments(5)).toEqual([
      { type: 'summary', from_seq: 1, to_seq: 2 },
      { type: 'live', from_seq: 3, to_seq: 4 },
    ]);
    expect(await segments(6)).toEqual([
      { type: 'summary', from_seq: 1, to_seq: 3 },
      { type: 'live', from_seq: 4, to_seq: 4 },
    ]);
    expect(await segments(7)).toEqual((await service.http.window(id)).body.segments);
  });

  it('returns 400 that names the range for a version that the conversation has not had', async () => {
    const id = await windows.create({}, userEvents(2));
    const { status, body } = await service.http.window(id, '?at_version=3');
    expect(status).toBe(400);
    expect(body).toMatchObject({
      error: 'invalid_payload',
      details: [{ path: 'at_version', message: 'must be a version of the conversation: 0 to 2' }],
    });
    expect((await service.http.window(id, '?at_version=-1')).body.details).toMatchObject([
      { path: 'at_version' },
    ]);
  });

  it('compares if_version with the current version', async () => {
    const id = await windows.create({}, userEvents(3));
    expect((await service.http.window(id, '?at_version=1&if_version=3')).body.version).toBe(1);
    const { status, body } = await service.http.window(id, '?at_version=1&if_version=1');
    expect(status).toBe(409);
    expect(body).toMatchObject({ reason: 'version_mismatch', expected: 1, actual: 3 });
    expect((await service.http.window(id, '?at_version=9&if_version=1')).status).toBe(409);
  });

  it('has an ETag that stays while the settings stay', async () => {
    const id = await windows.create({}, userEvents(3));
    const tagOf = async () => (await service.http.window(id, '?at_version=2')).headers.get('etag')!;
    const tag = await tagOf();
    expect(tag).toMatch(/^"2-/);
    await service.http.say(id, 'more');
    expect(await tagOf()).toBe(tag);
    const path = service.http.path(id, '/window?at_version=2');
    const unchanged = await service.http.request('GET', path, { headers: { 'if-none-match': tag } });
    expect([unchanged.status, unchanged.text]).toEqual([304, '']);
    await service.http.put(id, { token_budget: 20 });
    expect(await tagOf()).not.toBe(tag);
  });
});

async function versionOf(id: string): Promise<number> {
  return (await service.http.get(id)).body.version;
}

async function apply(id: string, each: Change): Promise<void> {
  if ('append' in each) {
    const events = each.append.map(({ role, tokens, pinned }, index) => ({
      ...textEvent(role, `event ${index}`, tokens),
      ...(pinned && { pinned }),
    }));
    expect((await service.http.append(id, { events })).status).toBe(201);
    return;
  }
  const range = { from_seq: each.from, to_seq: each.from + each.length };
  const replacement = each.isWithdrawal ? [] : [textEvent('system', `up to ${range.to_seq}`, 4)];
  expect([200, 400]).toContain((await service.http.compact(id, { ...range, replacement })).status);
}
