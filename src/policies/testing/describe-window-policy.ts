import assert from 'node:assert/strict';
import { InMemoryTimeline, type TimelineEvent } from './in-memory-timeline.js';
import { InvalidPolicyConfigError } from '../policy-config.js';
import type { LiveEvent, Part } from '../timeline.js';
import type { WindowPolicy } from '../window-policy.js';

// Of whatever test runner it is called in: Jest, Vitest with globals, Mocha.
declare const describe: (title: string, body: () => void) => void;
declare const it: (title: string, body: () => void | Promise<void>) => void;

/** Configs of the policy under test. */
export interface PolicyExamples {
  valid: Record<string, unknown>[];
  /** Each with the name of the field that is at fault. */
  invalid: { config: Record<string, unknown>; field: string }[];
}

const NOW = new Date('2026-01-01T12:00:00.000Z');
const ROLES = ['system', 'user', 'assistant', 'tool'];
const PARTS = ['text', 'reasoning', 'tool_call', 'tool_result', 'tool-result', 'image'];

/** The same log for everybody who asks for the same seed; a minute between events, holes where compactions would lie. */
function exampleLog(seed: number): TimelineEvent[] {
  const events: TimelineEvent[] = [];
  const length = seed * 7;
  for (let index = 0; index < length; index += 1) {
    const seq = index + 1 + Math.floor(index / 5) * (seed % 3);
    const parts = Array.from({ length: 1 + ((index * seed) % 3) }, (_, part) => ({
      type: PARTS[(index + part * seed) % PARTS.length] ?? 'text',
      text: `${seq}.${part}`,
    }));
    const insertedAt = new Date(NOW.getTime() - (length - index) * 60_000);
    events.push({ seq, role: ROLES[index % ROLES.length] ?? 'user', parts, insertedAt });
  }
  return events;
}

/** A log of events that all have these parts; the first at `fromSeq`. */
function uniformLog(count: number, part: { type: string }, fromSeq = 1): TimelineEvent[] {
  return Array.from({ length: count }, (_, index) => ({
    seq: fromSeq + index,
    role: part.type === 'text' ? 'user' : 'tool',
    parts: [part],
    insertedAt: new Date(NOW.getTime() - 60_000),
  }));
}

/** What a policy may be asked about, each made anew so that nothing is shared. */
const EXAMPLES: Record<string, () => InMemoryTimeline> = {
  'an empty log': () => new InMemoryTimeline([]),
  'a log that is compacted whole': () => new InMemoryTimeline([], 12),
  'a log whose start is compacted': () => new InMemoryTimeline(uniformLog(9, { type: 'text' }, 31)),
  'a log whose newest events are compacted': () => new InMemoryTimeline(exampleLog(5), 99),
  'a log of one moment': () => new InMemoryTimeline(uniformLog(30, { type: 'text' })),
  'a log of tool results': () => new InMemoryTimeline(uniformLog(30, { type: 'tool_result' })),
  ...Object.fromEntries(
    [1, 2, 3, 9, 10, 70].map((seed) => [
      `a log of ${seed * 7} events`,
      () => new InMemoryTimeline(exampleLog(seed)),
    ]),
  ),
};

/**
 * The live events that a policy selects, newest first, as the service reads them.
 *
 * @param raw as in a conversation's `policy.config`
 * @throws AssertionError if it is no selection, or does not end
 */
export function selectedEvents(
  policy: WindowPolicy,
  raw: Record<string, unknown>,
  timeline: InMemoryTimeline,
  now = new Date(NOW),
): Promise<LiveEvent[]> {
  return select(policy, policy.parseConfig(copyOf(raw)), timeline, now);
}

async function select(
  policy: WindowPolicy,
  config: unknown,
  timeline: InMemoryTimeline,
  now: Date,
): Promise<LiveEvent[]> {
  const selection = await policy.select(timeline, config, now);
  if ('fromSeq' in selection) {
    const { fromSeq } = selection;
    assert.ok(Number.isSafeInteger(fromSeq) && fromSeq >= 1, `fromSeq is a seq, and not ${String(fromSeq)}`);
    return timeline.newestFrom(fromSeq);
  }
  const chosen: LiveEvent[] = [];
  for await (const event of selection) {
    chosen.push(event);
    assert.ok(chosen.length <= timeline.liveCount, 'a selection ends by itself');
  }
  return chosen;
}

function copyOf(config: Record<string, unknown>): Record<string, unknown> {
  return JSON.parse(JSON.stringify(config)) as Record<string, unknown>;
}

/** What can be seen of a selection. */
function outline(events: readonly LiveEvent[]) {
  return events.map(({ seq, parts, tokens }) => ({ seq, parts: [...parts], tokens }));
}

/** What can be seen of a timeline, as text: a copy that no policy can reach. */
function everythingOf(timeline: InMemoryTimeline): string {
  const events = timeline.newestFrom(1);
  return JSON.stringify(events.map(({ seq, role, parts, insertedAt }) => ({ seq, role, parts, insertedAt })));
}

function isSubsequence(parts: readonly Part[], whole: readonly Part[]): boolean {
  let place = -1;
  return parts.every((part) => (place = whole.indexOf(part, place + 1)) !== -1);
}

/**
 * What every window policy keeps, whoever wrote it. Call it in a test file of your own.
 *
 * @param factory makes the policy anew for each test
 */
export function describeWindowPolicy(
  name: string,
  factory: () => WindowPolicy,
  { valid, invalid }: PolicyExamples,
): void {
  describe(`window policy ${name}`, () => {
    it('accepts its valid configs', () => {
      for (const config of valid) factory().parseConfig(copyOf(config));
    });

    it('names the field that is at fault in an invalid config, and any that it does not know', () => {
      const unknown = ['no_such_field', 'constructor', '__proto__'].flatMap((field) =>
        valid.map((config) => ({ config: { ...config, [field]: 1 }, field })),
      );
      for (const { config, field } of [...invalid, ...unknown]) {
        assert.throws(
          () => factory().parseConfig(copyOf(config)),
          (error) =>
            error instanceof InvalidPolicyConfigError && error.details.some(({ path }) => path === field),
          `${JSON.stringify(config)} should be refused for ${field}`,
        );
      }
    });

    it('selects events of the timeline, newest first, each once, and never more of their parts than there are', async () => {
      for (const config of valid) {
        for (const [example, make] of Object.entries(EXAMPLES)) {
          const timeline = make();
          const originals = new Map(timeline.newestFrom(1).map((event) => [event.seq, event]));
          let previous = Infinity;
          for (const event of await selectedEvents(factory(), config, timeline)) {
            const { seq, parts } = event;
            const where = `seq ${seq} of ${example}, with ${JSON.stringify(config)}`;
            const original = originals.get(seq);
            assert.ok(timeline.gave(event), `an event of the timeline, and no copy: ${where}`);
            assert.ok(seq < previous, `newest first, each once: ${where}`);
            assert.ok(parts.length > 0, `an event without parts is no event: ${where}`);
            assert.ok(original && isSubsequence(parts, original.parts), `no part is new, or moved: ${where}`);
            previous = seq;
          }
        }
      }
    });

    it('selects the same of the same timeline, whichever instance is asked, and whatever else it is asked meanwhile', async () => {
      const makes = Object.values(EXAMPLES);
      for (const config of valid) {
        const alone = [];
        for (const make of makes) alone.push(outline(await selectedEvents(factory(), config, make())));
        const policy = factory();
        const together = await Promise.all(makes.map((make) => selectedEvents(policy, config, make())));
        assert.deepEqual(together.map(outline), alone);
      }
    });

    it('reads no more events of a longer log', async () => {
      for (const config of valid) {
        for (const part of [{ type: 'text' }, { type: 'tool_result' }]) {
          const read: number[] = [];
          // As many events after the start of the scan, which moves by 512.
          for (const length of [10 * 512, 40 * 512]) {
            const timeline = new InMemoryTimeline(uniformLog(length, part));
            await selectedEvents(factory(), config, timeline);
            read.push(timeline.eventsRead);
          }
          assert.equal(read[1], read[0], `events read, with ${JSON.stringify(config)}`);
        }
      }
    });

    it('leaves timeline, time and parsed config as they were', async () => {
      for (const config of valid) {
        for (const make of Object.values(EXAMPLES)) {
          const [policy, timeline, now] = [factory(), make(), new Date(NOW)];
          const before = everythingOf(timeline);
          const parsed = policy.parseConfig(copyOf(config));
          const first = outline(await select(policy, parsed, timeline, now));
          assert.equal(everythingOf(timeline), before);
          assert.equal(now.getTime(), NOW.getTime());
          assert.deepEqual(outline(await select(policy, parsed, timeline, now)), first);
        }
      }
    });

    it('leaves the config that it parses as it was given', () => {
      for (const config of valid) {
        const given = copyOf(config);
        factory().parseConfig(given);
        assert.deepEqual(given, copyOf(config));
      }
    });
  });
}
