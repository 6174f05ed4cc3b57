import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ConversationId } from '../../src/common/conversation-id.js';
import { WindowService } from '../../src/window/window.service.js';
import { eventually } from '../support/eventually.js';
import type { HttpResponse } from '../support/http-client.js';
import { TestService } from '../support/test-service.js';
import { textEvent, userEvents, WindowConversations } from '../support/window-conversations.js';

interface Run {
  from_seq: number;
  to_seq: number;
  tokens: number;
  included: boolean;
  reason: string | null;
}

let service: TestService;
let windows: WindowConversations;
beforeAll(async () => {
  service = await TestService.start();
  windows = new WindowConversations(service, 'explained');
});
afterAll(() => service.stop());

const explain = (id: string, query = '') => service.http.window(id, `?explain=true${query}`);

/** The runs, shortened: `from-to tokens in|out reason`. */
async function runsOf(id: string, query = ''): Promise<string[]> {
  return shortened((await explain(id, query)).body.explain as Run[]);
}

function shortened(runs: readonly Run[]): string[] {
  return runs.map(
    ({ from_seq, to_seq, tokens, included, reason }) =>
      `${from_seq}-${to_seq} ${tokens} ${included ? 'in' : 'out'}${reason === null ? '' : ` ${reason}`}`,
  );
}

const changedBy = async (id: string, query = '') => (await explain(id, query)).body.prefix.changed_by;

const ALL = { strategy: 'budget', config: { trim_ratio: 1 } };
const newest = (limit: number) => ({ strategy: 'last_n', config: { limit, trim_to: limit, trim_ratio: 1 } });
const call = (id: string) => ({
  role: 'assistant',
  parts: [{ type: 'tool_call', id, name: 'f' }],
  token_count: 7,
});
const result = (id: string, tokens = 9) => ({
  role: 'tool',
  parts: [{ type: 'tool_result', id, output: 'x '.repeat(tokens) }],
  token_count: tokens,
});
const pinned = (event: object) => ({ ...event, pinned: true });

describe('GET /v1/conversations/:id/window?explain=true', () => {
  it('is empty for an empty log', async () => {
    const id = await windows.create({});
    const { body, headers } = await explain(id);
    expect(body).toMatchObject({ explain: [], prefix: { changed_by: null } });
    expect(headers.get('etag')).toBeNull();
  });

  it('is otherwise the same window, also with a format and in a preview', async () => {
    const id = await windows.create({}, [textEvent('system', 'rules', 3), ...userEvents(3)]);
    for (const query of ['', '&format=anthropic', '&format=openai-chat&cache=true', '&at_version=2']) {
      const { explain: runs, calibration, prefix, ...window } = (await explain(id, query)).body;
      const plain = (await service.http.window(id, `?${query.slice(1)}`)).body;
      const { changed_by: change, ...samePrefix } = prefix;
      expect({ ...window, prefix: samePrefix }).toEqual(plain);
      expect(change).toBeNull();
      expect(calibration).toEqual({ factor: 1, reports: 0 });
      expect(runs.at(-1).to_seq).toBe(query.includes('version') ? 2 : 4);
    }
    const path = service.http.path(id, '/window/preview?explain=true');
    const preview = await service.http.request('POST', path, { body: { policy: newest(1) } });
    expect(shortened(preview.body.explain as Run[])).toEqual([
      '1-1 3 in pinned',
      '2-3 20 out policy',
      '4-4 10 in',
    ]);
    expect(preview.body.prefix.changed_by).toBe('policy');
  });

  it.each<[string, object, string, string[], string | null]>([
    ['the policy', { policy: newest(2) }, '', ['1-3 30 out policy', '4-5 20 in'], 'policy'],
    ['the budget', { policy: ALL }, '&budget_tokens=25', ['1-3 30 out budget', '4-5 20 in'], 'budget'],
    [
      'both',
      { policy: newest(4) },
      '&budget_tokens=25',
      ['1-1 10 out policy', '2-3 20 out budget', '4-5 20 in'],
      'budget',
    ],
    [
      'a budget for nothing',
      { policy: ALL },
      '&budget_tokens=5',
      ['1-4 40 out budget', '5-5 10 out overflow'],
      'budget',
    ],
    ['nothing', { policy: ALL }, '', ['1-5 50 in'], null],
  ])('says what left events out: %s', async (_, settings, query, runs, change) => {
    const id = await windows.create(settings, userEvents(5));
    expect(await runsOf(id, query)).toEqual(runs);
    expect(await changedBy(id, query)).toBe(change);
  });

  it('names events that a compaction covers, also if the summary does not fit, and pinned events in it', async () => {
    const events = [...userEvents(2), pinned(textEvent('user', 'pin', 3)), ...userEvents(4)];
    const id = await windows.create({ policy: ALL }, events);
    await windows.summarize(id, 2, 4, 8);
    expect(await runsOf(id)).toEqual([
      '1-1 10 in',
      '2-2 10 out summarized',
      '3-3 3 in pinned',
      '4-4 10 out summarized',
      '5-7 30 in',
    ]);
    expect(await runsOf(id, '&budget_tokens=15')).toEqual([
      '1-1 10 out budget',
      '2-2 10 out summarized',
      '3-3 3 in pinned',
      '4-4 10 out summarized',
      '5-6 20 out budget',
      '7-7 10 out overflow',
    ]);
  });

  it('has the tokens that shortened and reduced events have in the window', async () => {
    const events = [textEvent('user', 'go', 2), call('a'), result('a', 200), ...userEvents(2)];
    const id = await windows.create({ policy: { strategy: 'strip_tool_results' } }, events);
    const { body } = await explain(id);
    const reducedTokens = body.used_tokens - 2 - 7 - 20;
    expect(reducedTokens).toBeLessThan(60);
    expect(shortened(body.explain as Run[])).toEqual([`1-5 ${body.used_tokens} in`]);
    expect(body.prefix.changed_by).toBe('policy');
    const open = await windows.create({ policy: ALL }, [...userEvents(2), call('b'), result('b', 200)]);
    const shrunk = (await explain(open, '&budget_tokens=100')).body;
    expect(shortened(shrunk.explain as Run[])).toEqual(['1-2 20 out budget', `3-4 ${shrunk.used_tokens} in`]);
  });

  it('names events that the policy removed between others, and results whose call is missing', async () => {
    const events = [
      ...userEvents(1),
      { role: 'assistant', parts: [{ type: 'image' }], token_count: 4 },
      ...userEvents(2),
    ];
    const policy = { strategy: 'skip_parts', config: { kinds: ['image'] } };
    const id = await windows.create({ policy }, events);
    expect(await runsOf(id)).toEqual(['1-1 10 in', '2-2 4 out policy', '3-4 20 in']);
    const orphan = await windows.create({ policy: ALL }, [
      ...userEvents(1),
      result('gone'),
      ...userEvents(1),
    ]);
    expect(await runsOf(orphan)).toEqual(['1-1 10 in', '2-2 9 out repair', '3-3 10 in']);
  });

  it('names pinned events that do not fit', async () => {
    const id = await windows.create({ policy: ALL }, [
      textEvent('system', 'rules', 10),
      ...userEvents(1),
      pinned(textEvent('user', 'pin', 30)),
      ...userEvents(1),
    ]);
    expect(await runsOf(id, '&budget_tokens=35')).toEqual([
      '1-1 10 in pinned',
      '2-2 10 out budget',
      '3-3 30 out overflow',
      '4-4 10 out budget',
    ]);
  });

  it('names events that the size of the window left out', async () => {
    const small = await TestService.start({
      database: service.database,
      env: { FASTPACA_WINDOW_LIMIT: '65536' },
    });
    const events = Array.from({ length: 4 }, () => textEvent('user', 'x'.repeat(25_000), 10));
    const id = await windows.create({ policy: ALL }, events);
    const { body } = await small.http.window(id, '?explain=true');
    expect(shortened(body.explain as Run[])).toEqual(['1-2 20 out bytes', '3-4 20 in']);
    expect(await runsOf(id)).toEqual(['1-4 40 in']);
    await small.stop();
  });

  it('says `compaction` until the budget or the policy moves the start again', async () => {
    const id = await windows.create({ policy: ALL, token_budget: 60 }, userEvents(8));
    expect(await changedBy(id)).toBe('budget');
    await windows.summarize(id, 1, 6);
    expect(await changedBy(id)).toBe('compaction');
    await service.http.append(id, { events: userEvents(1) });
    expect(await changedBy(id)).toBe('compaction');
    await service.http.append(id, { events: userEvents(4) });
    expect(await changedBy(id)).toBe('budget');
    expect(await changedBy(id, '&at_version=9')).toBe('compaction');
  });

  it('has the last usage report beside the estimate of its window', async () => {
    const id = await windows.create({ model: 'own-model' }, userEvents(2));
    expect((await explain(id)).body.calibration).toEqual({ factor: 1, reports: 0 });
    const usage = { model: 'own-model', window_version: 2, input_tokens: 70 };
    expect((await service.http.append(id, { event: textEvent('assistant', 'a', 5), usage })).status).toBe(
      201,
    );
    const calibrationOf = async () => (await explain(id)).body.calibration;
    await eventually('the report is stored', async () => Boolean((await calibrationOf()).last_report));
    expect(await calibrationOf()).toEqual({
      factor: 1,
      reports: 1,
      overhead: 50,
      last_report: { ...usage, estimate: 20 },
    });
  });

  it('is exact in random conversations: it covers the log, agrees with the messages, and adds up', async () => {
    const event = fc.oneof(
      fc
        .tuple(
          fc.constantFrom('user', 'assistant', 'system'),
          fc.constantFrom(0, 3, 10, 25),
          fc.boolean(),
          fc.nat(4),
        )
        .map(([role, tokens, hasImage, pin]) => ({
          ...textEvent(role, `${tokens} tokens`, tokens),
          ...(hasImage && {
            parts: [
              { type: 'text', text: 'a' },
              { type: 'image', url: 'b' },
            ],
          }),
          ...(pin === 0 && { pinned: true }),
        })),
      fc.constantFrom('a', 'b').map(call),
      fc.constantFrom('a', 'b').map((id) => result(id, 20)),
    );
    const policy = fc.constantFrom<object[]>(
      ALL,
      { strategy: 'budget' },
      newest(3),
      { strategy: 'last_n', config: { limit: 8, trim_to: 4 } },
      { strategy: 'strip_tool_results', config: { limit: 6 } },
      { strategy: 'skip_parts', config: { kinds: ['text', 'tool*'], pin_head: false } },
      { strategy: 'time_window', config: { max_age_seconds: 3600, max_tokens: 60 } },
    );
    const range = fc.record({ from: fc.integer({ min: 1, max: 20 }), length: fc.nat(6) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(event, { minLength: 1, maxLength: 22 }),
        fc.array(range, { maxLength: 3 }),
        fc.array(fc.tuple(policy, fc.integer({ min: 1, max: 150 })), { minLength: 3, maxLength: 3 }),
        async (events, ranges, readings) => {
          const id = await windows.create({ token_budget: 1000 }, events);
          for (const { from, length } of ranges) {
            const body = {
              from_seq: from,
              to_seq: from + length,
              replacement: [textEvent('system', 's', 5)],
            };
            expect([200, 400]).toContain((await service.http.compact(id, body)).status);
          }
          for (const [policy, budget] of readings) {
            await service.http.put(id, { policy });
            const response = await explain(id, `&budget_tokens=${budget}`);
            await expectExact(id, response);
            const { explain: _1, calibration: _2, prefix, ...window } = response.body;
            const plain = (await service.http.window(id, `?budget_tokens=${budget}`)).body;
            expect({ ...window, prefix: { ...prefix, changed_by: undefined } }).toEqual(plain);
          }
        },
      ),
      { numRuns: Number(process.env.RUNS ?? 40), endOnFailure: true },
    );
  });
});

async function expectExact(id: string, { status, body }: HttpResponse): Promise<void> {
  expect(status).toBe(200);
  const log = (await service.http.events(id, '?from_seq=1')).body.events as { token_estimate: number }[];
  const lastSeq = log.length;
  const runs = body.explain as Run[];
  let next = 1;
  for (const { from_seq, to_seq, tokens, included, reason } of runs) {
    expect(from_seq).toBe(next);
    expect(to_seq).toBeGreaterThanOrEqual(from_seq);
    expect(included).toBe(reason === null || reason === 'pinned');
    const stored = log.slice(from_seq - 1, to_seq).reduce((sum, each) => sum + each.token_estimate, 0);
    if (!included) expect(tokens).toBe(stored);
    next = to_seq + 1;
  }
  expect(next).toBe(lastSeq + 1);
  for (const [index, run] of runs.slice(1).entries())
    expect([run.included, run.reason]).not.toEqual([runs[index]!.included, runs[index]!.reason]);

  const isIncluded = (seq: number) =>
    runs.some((run) => run.included && run.from_seq <= seq && seq <= run.to_seq);
  const live = body.messages.filter((message: any) => message.from_seq === undefined && !message.synthetic);
  const seqs = Array.from({ length: lastSeq }, (_, index) => index + 1).filter(isIncluded);
  expect(live.map(({ seq }: { seq: number }) => seq).sort((a: number, b: number) => a - b)).toEqual(seqs);

  // Summaries have 5 tokens each, and results that were added have at most 12.
  const fromLog = runs.reduce((sum, { included, tokens }) => sum + (included ? tokens : 0), 0);
  const summaries =
    5 * body.messages.filter((message: any) => message.from_seq !== undefined && !message.synthetic).length;
  const added = body.messages.filter(({ synthetic }: any) => synthetic).length;
  const rest = body.used_tokens - fromLog - summaries;
  if (added === 0) expect(rest).toBe(0);
  else expect(rest % added).toBe(0);
}

describe('WindowService.read with `explain`', () => {
  it('returns the explanation as objects', async () => {
    const id = await windows.create({ policy: newest(1) }, userEvents(2));
    const { explanation } = await service.app
      .get(WindowService)
      .read(new ConversationId('default', id), { explain: true });
    expect(explanation).toMatchObject({
      calibration: { factor: 1, reports: 0 },
      runs: [
        { fromSeq: 1, toSeq: 1, tokens: 10, included: false, reason: 'policy' },
        { fromSeq: 2, toSeq: 2, tokens: 10, included: true, reason: null },
      ],
      prefixChangedBy: 'policy',
    });
  });
});
