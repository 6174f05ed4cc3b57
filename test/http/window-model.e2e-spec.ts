import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  randomConversation,
  type RandomConversation,
  type Settings,
} from '../support/random-conversations.js';
import { TestService } from '../support/test-service.js';
import {
  isPrefix,
  modelWindow,
  type ModelCompaction,
  type ModelEvent,
} from '../support/window-model/index.js';

/** `ROUNDS=2000 SEED=7 npm test -- window-model` compares 2,000 other conversations. Those of the suite are always the same. */
const CONVERSATIONS = Number(process.env.ROUNDS ?? 15);
const SEED = Number(process.env.SEED ?? 13);
/** Conversations of one test, because a test has a time limit. */
const BATCH = 20;

/** A window that the service answered, and what the conversation was then. */
interface Observation {
  settings: Settings;
  budgetTokens: number | undefined;
  lastSeq: number;
  version: number;
  /** Those that are not undone. */
  compactions: ModelCompaction[];
  body: any;
}

/** One conversation on the service, with everything that was sent to it and read from it. */
class ObservedConversation {
  readonly observed: Observation[] = [];
  private readonly sent: any[] = [];
  private readonly compactions: ModelCompaction[] = [];
  private readonly undone = new Set<ModelCompaction>();
  private settings: Settings | undefined;

  constructor(
    private readonly service: TestService,
    private readonly id: string,
  ) {}

  async put(settings: Settings): Promise<void> {
    expect((await this.service.http.put(this.id, settings)).status).toBeLessThan(300);
    this.settings = settings;
  }

  async append(events: any[]): Promise<void> {
    expect((await this.service.http.append(this.id, { events })).status).toBe(201);
    this.sent.push(...events);
  }

  /** A range that cuts through an active compaction is rejected. */
  async compact({ from, length, replacement }: { from: number; length: number; replacement: any[] }) {
    const lastSeq = this.sent.length;
    const fromSeq = 1 + Math.floor(from * (lastSeq - 1));
    const toSeq = Math.min(lastSeq, fromSeq + Math.floor(length * lastSeq));
    const range = { from_seq: fromSeq, to_seq: toSeq };
    const { status, body } = await this.service.http.compact(this.id, { ...range, replacement });
    if (status === 200) this.compactions.push({ version: body.version, fromSeq, toSeq, replacement });
    else expect(body.reason).toBe('range_overlap');
  }

  /** Undoes one of the compactions. One that is replaced or undone is rejected. */
  async undo(place: number): Promise<void> {
    const compaction = this.compactions[Math.round(place * (this.compactions.length - 1))];
    if (!compaction) return;
    const { version, fromSeq, toSeq } = compaction;
    const isReplaced = this.effective().some(
      (later) => later.version > version && later.fromSeq <= fromSeq && later.toSeq >= toSeq,
    );
    const expected = this.undone.has(compaction)
      ? 'compaction_undone'
      : isReplaced
        ? 'compaction_replaced'
        : undefined;
    const { body } = await this.service.http.undo(this.id, version);
    expect(body.reason).toBe(expected);
    if (!expected) this.undone.add(compaction);
  }

  private effective(): ModelCompaction[] {
    return this.compactions.filter((compaction) => !this.undone.has(compaction));
  }

  /** Makes the older half of the log an hour older, so that `time_window` selects some events and not others. */
  async age(): Promise<void> {
    await this.service.database.query(
      `UPDATE fastpaca.events SET inserted_at = inserted_at - interval '1 hour' WHERE conversation_id = $1 AND seq <= $2`,
      [this.id, Math.floor(this.sent.length / 2)],
    );
  }

  async read(budgetTokens?: number): Promise<void> {
    const query = budgetTokens === undefined ? '' : `?budget_tokens=${budgetTokens}`;
    const { status, body } = await this.service.http.window(this.id, query);
    expect(status).toBe(200);
    this.observed.push({
      settings: this.settings!,
      budgetTokens,
      lastSeq: this.sent.length,
      compactions: this.effective(),
      version: this.sent.length + this.compactions.length + this.undone.size,
      body,
    });
  }

  /** Reads the windows that were observed so far once more, as of their versions. */
  async expectSameAtVersions(): Promise<void> {
    for (const { body } of this.observed) {
      const { body: again } = await this.service.http.window(this.id, `?at_version=${body.version}`);
      expect(again).toEqual(body);
    }
  }

  async log(): Promise<ModelEvent[]> {
    const { body } = await this.service.http.events(this.id, '?from_seq=1');
    return body.events.map(({ seq, inserted_at: insertedAt }: any) => ({
      seq,
      event: this.sent[seq - 1],
      insertedAt,
    }));
  }
}

/** What the reference model says. */
function expectedWindow(
  log: ModelEvent[],
  { settings, budgetTokens, lastSeq, version, compactions }: Observation,
): object {
  const { policy, token_budget: tokenBudget, trigger_ratio: triggerRatio, reserve_tokens } = settings;
  const conversation = { tokenBudget, triggerRatio, reserveTokens: reserve_tokens, ...policy };
  const window = modelWindow(log.slice(0, lastSeq), compactions, conversation, { budgetTokens });
  return { version, ...window };
}

/** What the model knows of a window: not the time of summaries, the hashes, and the words of repairs. */
function comparable({ messages, repairs, prefix, ...window }: any): object {
  const { hash, settings, ...start } = prefix;
  expect([hash, settings]).toEqual([expect.any(String), expect.any(String)]);
  return {
    ...window,
    messages: messages.map(({ inserted_at, ...message }: any) =>
      message.to_seq ? message : { ...message, inserted_at },
    ),
    repairs: repairs.map(({ action: _, ...repair }: any) => repair),
    prefix: start,
  };
}

/** Of two windows with the same hash, the earlier one is a prefix of the later one. */
function expectPrefixes(observed: Observation[]): void {
  for (const [index, { body: later }] of observed.entries()) {
    for (const { body: earlier } of observed.slice(0, index)) {
      if (earlier.prefix.hash === later.prefix.hash)
        expect({ earlier, later, isPrefix: isPrefix(earlier, later) }).toMatchObject({ isPrefix: true });
    }
  }
}

/** The size and the seed of each batch: [[20, 13], [20, 14], [5, 15]]. A batch that exceeds the time limit is known by its seed. */
function batches(): [number, number][] {
  return Array.from({ length: Math.ceil(CONVERSATIONS / BATCH) }, (_, index) => [
    Math.min(BATCH, CONVERSATIONS - index * BATCH),
    SEED + index,
  ]);
}

describe('a window', () => {
  let service: TestService;
  let round = 0;
  beforeAll(async () => (service = await TestService.start()));
  afterAll(() => service.stop());

  async function observe({ settings, turns, isAged, readings }: RandomConversation) {
    round += 1;
    const conversation = new ObservedConversation(service, `model-${round}`);
    await conversation.put(settings);
    for (const { events, compaction, undo } of turns) {
      await conversation.append(events);
      if (!isAged) await conversation.read();
      if (compaction) await conversation.compact(compaction);
      if (undo !== null) await conversation.undo(undo);
      if (!isAged && (compaction || undo !== null)) await conversation.read();
    }
    await conversation.expectSameAtVersions();
    if (isAged) await conversation.age();
    for (const reading of readings) {
      await conversation.put(reading.settings);
      await conversation.read(reading.budgetTokens ?? undefined);
    }
    return conversation;
  }

  it.each(batches())(
    'equals the reference model in %i random conversations, seed %i',
    async (numRuns, seed) => {
      await fc.assert(
        fc.asyncProperty(randomConversation, async (random) => {
          const conversation = await observe(random);
          const log = await conversation.log();
          for (const observation of conversation.observed)
            expect(comparable(observation.body)).toEqual(expectedWindow(log, observation));
          expectPrefixes(conversation.observed);
        }),
        { numRuns, seed },
      );
    },
  );

  it('equals the reference model around each position where the scan of a policy may start', async () => {
    const id = 'model-scan';
    await service.http.put(id);
    const sent: any[] = [];
    const append = async (count: number) => {
      for (let remaining = count; remaining > 0; remaining -= 100) {
        const events = Array.from({ length: Math.min(100, remaining) }, () => {
          const seq = sent.length + 1;
          const type = seq % 7 === 0 ? 'widget' : seq % 11 === 0 ? 'tool_result' : 'text';
          const event = {
            role: 'user',
            parts: [{ type, [type === 'tool_result' ? 'output' : 'text']: `${seq}` }],
            token_count: 5,
          };
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
        const { version, messages, prefix: _, ...window } = body;
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
