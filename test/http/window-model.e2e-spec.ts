import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { TestService } from '../support/test-service.js';
import { modelWindow, type ModelCompaction, type ModelEvent } from '../support/window-model/index.js';

const CONVERSATIONS = 60;

const part = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant('text'), text: fc.lorem({ maxCount: 12 }) }) },
  fc.record({ type: fc.constant('reasoning'), text: fc.lorem({ maxCount: 8 }) }),
  fc.record(
    {
      type: fc.constantFrom('tool_call', 'tool-search'),
      id: fc.constantFrom('a', 'b', 'c'),
      name: fc.constant('find'),
      input: fc.jsonValue({ maxDepth: 1 }),
    },
    { requiredKeys: ['type', 'name', 'input'] },
  ),
  {
    weight: 2,
    arbitrary: fc.record(
      {
        type: fc.constantFrom('tool_result', 'tool-result'),
        tool_call_id: fc.constantFrom('a', 'b', 'c'),
        output: fc.lorem({ maxCount: 6 }),
      },
      { requiredKeys: ['type', 'output'] },
    ),
  },
  fc.record({ type: fc.constant('image'), url: fc.string({ maxLength: 12 }) }),
);
const event = fc.record(
  {
    role: fc.constantFrom('system', 'developer', 'user', 'assistant', 'assistant', 'tool'),
    parts: fc.array(part, { minLength: 1, maxLength: 4 }),
    id: fc.string({ maxLength: 6 }),
    tool_call_id: fc.constantFrom('a', 'b', 'c'),
    metadata: fc.dictionary(fc.string({ maxLength: 3 }), fc.integer(), { maxKeys: 2 }),
    token_count: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 90 })),
    extra: fc.integer(),
  },
  { requiredKeys: ['role', 'parts'] },
);
const limits = fc
  .record({
    limit: fc.integer({ min: 1, max: 30 }),
    trim: fc.integer({ min: 0, max: 29 }),
    trims: fc.boolean(),
  })
  .map(({ limit, trim, trims }) => (trims ? { limit, trim_to: 1 + (trim % limit) } : { limit }));
const maxTokens = fc
  .option(fc.integer({ min: 1, max: 600 }), { nil: undefined })
  .map((max) => (max ? { max_tokens: max } : {}));
const policy = fc
  .tuple(
    fc.oneof(
      fc.tuple(fc.constantFrom('last_n', 'strip_tool_results'), limits),
      fc.tuple(
        fc.constant('skip_parts'),
        fc
          .tuple(limits, fc.constantFrom({}, { kinds: ['image'] }, { kinds: ['tool*'] }, { kinds: [] }))
          .map(([a, b]) => ({ ...a, ...b })),
      ),
      fc.tuple(fc.constantFrom('budget', 'manual'), fc.constant({})),
      fc.tuple(
        fc.constant('time_window'),
        // Both exclude exactly the older half of the log. With 1 s, a slow test would also lose newer events.
        fc.record({
          max_age_seconds: fc.constantFrom(1000, 1800),
          min_events: fc.integer({ min: 0, max: 20 }),
        }),
      ),
    ),
    maxTokens,
  )
  .map(([[strategy, config], max]) => ({ strategy, config: { ...config, ...max } as any }));
const reading = fc.record({
  policy,
  token_budget: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 300, max: 5000 })),
  trigger_ratio: fc.integer({ min: 1, max: 1000 }).map((thousandths) => thousandths / 1000),
  budget_tokens: fc.option(fc.integer({ min: 1, max: 1000 }), { nil: undefined }),
});
const conversation = fc.record({
  turns: fc.array(fc.array(event, { minLength: 1, maxLength: 15 }), { maxLength: 5 }),
  /** A compaction after each turn, with start and length relative to the length of the log. Many are invalid. */
  compactions: fc.array(
    fc.record({
      from: fc.double({ min: 0, max: 1, noNaN: true }),
      length: fc.double({ min: 0, max: 0.5, noNaN: true }),
      replacement: fc.array(event, { minLength: 1, maxLength: 2 }),
    }),
    { minLength: 6, maxLength: 6 },
  ),
  readings: fc.array(reading, { minLength: 4, maxLength: 6 }),
});

describe('a window', () => {
  let service: TestService;
  let round = 0;
  beforeAll(async () => (service = await TestService.start()));
  afterAll(() => service.stop());

  it(`equals the reference model in ${CONVERSATIONS} random conversations`, async () => {
    let windows = 0;
    await fc.assert(
      fc.asyncProperty(conversation, async ({ turns, compactions, readings }) => {
        round += 1;
        const id = `model-${round}`;
        await service.http.put(id);
        const accepted: ModelCompaction[] = [];
        let lastSeq = 0;
        for (const [index, events] of turns.entries()) {
          const appended = await service.http.append(id, { events });
          expect(appended.status).toBe(201);
          lastSeq += events.length;
          const { from, length, replacement } = compactions[index]!;
          const fromSeq = 1 + Math.floor(from * (lastSeq - 1));
          const toSeq = Math.min(lastSeq, fromSeq + Math.floor(length * lastSeq));
          const compacted = await service.http.compact(id, { from_seq: fromSeq, to_seq: toSeq, replacement });
          if (compacted.status === 200)
            accepted.push({ version: compacted.body.version, fromSeq, toSeq, replacement });
          else expect(compacted.body.reason).toBe('range_overlap');
        }
        // Half of the log is an hour old, so that `time_window` selects some events and not others.
        await service.database.query(
          `UPDATE fastpaca.events SET inserted_at = inserted_at - interval '1 hour' WHERE conversation_id = $1 AND seq <= $2`,
          [id, Math.floor(lastSeq / 2)],
        );
        const log = (await service.http.events(id, '?from_seq=1')).body.events as any[];
        const sent = turns.flat();
        const model: ModelEvent[] = log.map((each, index) => ({
          seq: each.seq,
          event: sent[index],
          insertedAt: each.inserted_at,
        }));

        for (const { policy, token_budget, trigger_ratio, budget_tokens } of readings) {
          const put = await service.http.put(id, { policy, token_budget, trigger_ratio });
          expect(put.status).toBe(200);
          const { status, body } = await service.http.window(
            id,
            budget_tokens ? `?budget_tokens=${budget_tokens}` : '',
          );
          expect(status).toBe(200);
          const { version, ...window } = body;
          const expected = modelWindow(
            model,
            accepted,
            {
              tokenBudget: token_budget,
              triggerRatio: trigger_ratio,
              strategy: policy.strategy,
              config: policy.config,
            },
            { budgetTokens: budget_tokens },
          );
          const messages = window.messages.map(({ inserted_at: at, ...message }: any) =>
            message.to_seq ? message : { ...message, inserted_at: at },
          );
          expect(version).toBe(lastSeq + accepted.length);
          const repairs = window.repairs.map(({ action: _, ...repair }: any) => repair);
          expect({ ...window, messages, repairs }).toEqual(expected);
          windows += 1;
        }
      }),
      { numRuns: CONVERSATIONS },
    );
    expect(windows).toBeGreaterThanOrEqual(CONVERSATIONS * 4);
  });

  it('equals the reference model around each position where the scan of a policy may start', async () => {
    const id = 'model-scan';
    await service.http.put(id);
    const sent: any[] = [];
    const append = async (count: number) => {
      for (let remaining = count; remaining > 0; remaining -= 100) {
        const events = Array.from({ length: Math.min(100, remaining) }, () => {
          const seq = sent.length + 1;
          const type = seq % 7 === 0 ? 'image' : seq % 11 === 0 ? 'tool_result' : 'text';
          const event = { role: 'user', parts: [{ type, text: `${seq}` }], token_count: 5 };
          sent.push(event);
          return event;
        });
        expect((await service.http.append(id, { events })).status).toBe(201);
      }
    };
    const readings = [
      { strategy: 'skip_parts', config: { kinds: ['*'] } },
      { strategy: 'skip_parts', config: { kinds: ['text'], limit: 1_000_000 } },
      { strategy: 'strip_tool_results', config: { limit: 5000 } },
      { strategy: 'strip_tool_results', config: { limit: 3300, trim_to: 3000, max_tokens: 90 } },
    ];
    const replacement = [{ role: 'system', content: 's' }];
    await append(200);
    const { body: compaction } = await service.http.compact(id, { from_seq: 101, to_seq: 200, replacement });
    const accepted: ModelCompaction[] = [
      { version: compaction.version, fromSeq: 101, toSeq: 200, replacement },
    ];
    // 100 events are compacted. With a log of 4,196 or 4,708 events, a scan yields its maximum of 4,096 events.
    for (const length of [4196, 4197, 4708, 4709]) {
      await append(length - sent.length);
      const log = sent.map((event, index) => ({ seq: index + 1, event, insertedAt: '' }));
      for (const { strategy, config } of readings) {
        const settings = { token_budget: 1_000_000, trigger_ratio: 0.7 };
        await service.http.put(id, { ...settings, policy: { strategy, config } });
        const { body } = await service.http.window(id);
        const expected = modelWindow(log, accepted, {
          tokenBudget: settings.token_budget,
          triggerRatio: settings.trigger_ratio,
          strategy,
          config,
        });
        const { version, messages, ...window } = body;
        expect(version).toBe(length + 1);
        const repairs = window.repairs.map(({ action: _, ...repair }: any) => repair);
        expect({ ...window, repairs, seqs: messages.map(({ seq }: any) => seq) }).toEqual({
          used_tokens: expected.used_tokens,
          needs_compaction: expected.needs_compaction,
          segments: expected.segments,
          budget_tokens: expected.budget_tokens,
          repairs: expected.repairs,
          seqs: expected.messages.map(({ seq }: any) => seq),
        });
      }
    }
  });
});
