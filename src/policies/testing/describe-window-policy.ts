import assert from 'node:assert/strict';
import { InMemoryTimeline, type TimelineEvent } from './in-memory-timeline.js';
import { InvalidPolicyConfigError } from '../policy-config.js';
import type { LiveEvent, Part } from '../timeline.js';
import { isBeforeCut, type WindowPolicy } from '../window-policy.js';

/** The functions of a test runner that define a test, such as those of `node:test`. */
export interface TestRunner {
  describe: (title: string, body: () => void) => unknown;
  it: (title: string, body: () => void | Promise<void>) => unknown;
}

/** Example configs of the policy under test. */
export interface PolicyExamples {
  valid: Record<string, unknown>[];
  /** Each with the name of its invalid field. */
  invalid: { config: Record<string, unknown>; field: string }[];
}

const NOW = new Date('2026-01-01T12:00:00.000Z');
const ROLES = ['system', 'user', 'assistant', 'tool'];
const PART_TYPES = ['text', 'reasoning', 'tool_call', 'tool_result', 'tool-result', 'image'];

/** A log that depends on the seed only: one event a minute, with gaps in the seqs as compactions cause them. */
function exampleLog(seed: number): TimelineEvent[] {
  const events: TimelineEvent[] = [];
  const length = seed * 7;
  for (let index = 0; index < length; index += 1) {
    const seq = index + 1 + Math.floor(index / 5) * (seed % 3);
    const parts = Array.from({ length: 1 + ((index * seed) % 3) }, (_, part) => ({
      type: PART_TYPES[(index + part * seed) % PART_TYPES.length] ?? 'text',
      text: `${seq}.${part}`,
    }));
    const insertedAt = new Date(NOW.getTime() - (length - index) * 60_000);
    events.push({ seq, role: ROLES[index % ROLES.length] ?? 'user', parts, insertedAt });
  }
  return events;
}

/** A log of events that all have this one part. */
function uniformLog(count: number, part: { type: string }, firstSeq = 1): TimelineEvent[] {
  return Array.from({ length: count }, (_, index) => ({
    seq: firstSeq + index,
    role: part.type === 'text' ? 'user' : 'tool',
    parts: [part],
    insertedAt: new Date(NOW.getTime() - 60_000),
  }));
}

/** Timelines that every policy must handle. Each call makes a new one, so that tests share nothing. */
const TIMELINES: Record<string, () => InMemoryTimeline> = {
  'an empty log': () => new InMemoryTimeline([]),
  'a log that is compacted completely': () => new InMemoryTimeline([], 12),
  'a log whose oldest events are compacted': () => new InMemoryTimeline(uniformLog(9, { type: 'text' }, 31)),
  'a log whose newest events are compacted': () => new InMemoryTimeline(exampleLog(5), 99),
  'a log inserted at one point in time': () => new InMemoryTimeline(uniformLog(30, { type: 'text' })),
  'a log of tool results': () => new InMemoryTimeline(uniformLog(30, { type: 'tool_result' })),
  ...Object.fromEntries(
    [1, 2, 3, 9, 10, 70].map((seed) => [
      `a log of ${seed * 7} events`,
      () => new InMemoryTimeline(exampleLog(seed)),
    ]),
  ),
};

/**
 * The live events that a policy selects, newest first, read the way the service reads them.
 *
 * @param raw the value of `policy.config`
 * @throws AssertionError the result is not a valid selection, or does not end
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
    assert.ok(
      Number.isSafeInteger(fromSeq) && fromSeq >= 1,
      `fromSeq must be an integer from 1 on, got ${String(fromSeq)}`,
    );
    return timeline.newestFrom(fromSeq);
  }
  const newest = 'events' in selection ? selection : undefined;
  const selected: LiveEvent[] = [];
  for await (const event of newest?.events ?? (selection as AsyncIterable<LiveEvent>)) {
    if (newest && isBeforeCut(newest, event, selected.length)) break;
    selected.push(event);
    assert.ok(selected.length <= timeline.liveCount, 'a selection must not yield more events than are live');
  }
  return selected;
}

function copyOf(config: Record<string, unknown>): Record<string, unknown> {
  return JSON.parse(JSON.stringify(config)) as Record<string, unknown>;
}

/** The observable fields of a selection, for comparison. */
function outline(events: readonly LiveEvent[]) {
  return events.map(({ seq, parts, tokens }) => ({ seq, parts: [...parts], tokens }));
}

/** The whole content of a timeline as text: a copy that a policy cannot modify. */
function contentOf(timeline: InMemoryTimeline): string {
  const events = timeline.newestFrom(1);
  return JSON.stringify(events.map(({ seq, role, parts, insertedAt }) => ({ seq, role, parts, insertedAt })));
}

/** Whether `parts` are some of `whole`, in their order. A part may have another output if it is a tool result. */
function isSubsequence(parts: readonly Part[], whole: readonly Part[]): boolean {
  let index = -1;
  return parts.every((part) => {
    index = whole.findIndex((each, at) => at > index && (each === part || isWithOtherOutput(part, each)));
    return index !== -1;
  });
}

/** A message of the role `tool` may be a result as a whole; its output is then one text. */
function isReplacedToolMessage({ role, parts }: LiveEvent): boolean {
  return role === 'tool' && parts.length === 1 && parts[0]?.type === 'text';
}

function isWithOtherOutput(part: Part, whole: Part): boolean {
  return part.type === whole.type && /tool.result|output/.test(part.type);
}

/**
 * The rules that every window policy must keep, as a test suite. Call it in a test file of your own.
 *
 * @param name the policy's name in the test report
 * @param createPolicy returns a new instance of the policy; called for each test
 * @param runner default: the global functions of Jest, of Mocha, or of Vitest with globals
 */
export function describeWindowPolicy(
  name: string,
  createPolicy: () => WindowPolicy,
  examples: PolicyExamples,
  runner = globalThis as unknown as TestRunner,
): void {
  runner.describe(`window policy ${name}`, () => {
    describeConfigRules(runner, createPolicy, examples);
    describeSelectionRules(runner, createPolicy, examples.valid);
  });
}

function describeConfigRules(
  { it }: TestRunner,
  createPolicy: () => WindowPolicy,
  { valid, invalid }: PolicyExamples,
): void {
  it('accepts every valid config', () => {
    for (const config of valid) createPolicy().parseConfig(copyOf(config));
  });

  it('throws InvalidPolicyConfigError that names the field, for an invalid or unknown field', () => {
    const unknown = ['no_such_field', 'constructor', '__proto__'].flatMap((field) =>
      valid.map((config) => ({ config: { ...config, [field]: 1 }, field })),
    );
    for (const { config, field } of [...invalid, ...unknown]) {
      assert.throws(
        () => createPolicy().parseConfig(copyOf(config)),
        (error) =>
          error instanceof InvalidPolicyConfigError && error.details.some(({ path }) => path === field),
        `${JSON.stringify(config)} should be rejected because of ${field}`,
      );
    }
  });

  it('does not modify the config that it parses', () => {
    for (const config of valid) {
      const given = copyOf(config);
      createPolicy().parseConfig(given);
      assert.deepEqual(given, copyOf(config));
    }
  });
}

function describeSelectionRules(
  { it }: TestRunner,
  createPolicy: () => WindowPolicy,
  configs: readonly Record<string, unknown>[],
): void {
  it('selects each event of the timeline at most once, newest first, and adds or reorders no parts', async () => {
    for (const config of configs) {
      for (const [title, createTimeline] of Object.entries(TIMELINES)) {
        const timeline = createTimeline();
        const events = await selectedEvents(createPolicy(), config, timeline);
        assertValidSelection(events, timeline, `in ${title}, with ${JSON.stringify(config)}`);
      }
    }
  });

  it('selects the same events from equal timelines, with any instance, and while other selections run', async () => {
    const timelines = Object.values(TIMELINES);
    for (const config of configs) {
      const oneByOne = [];
      for (const createTimeline of timelines)
        oneByOne.push(outline(await selectedEvents(createPolicy(), config, createTimeline())));
      const policy = createPolicy();
      const concurrent = await Promise.all(
        timelines.map((createTimeline) => selectedEvents(policy, config, createTimeline())),
      );
      assert.deepEqual(concurrent.map(outline), oneByOne);
    }
  });

  it('reads as many events of a long log as of a short one, but for one step', async () => {
    for (const config of configs) {
      for (const part of [{ type: 'text' }, { type: 'tool_result' }]) {
        const eventsRead: number[] = [];
        // The start of a scan moves in steps of 512 events; both lengths have as many events after it.
        for (const length of [10 * 512, 40 * 512]) {
          const timeline = new InMemoryTimeline(uniformLog(length, part));
          await selectedEvents(createPolicy(), config, timeline);
          eventsRead.push(timeline.eventsRead);
        }
        // Policies may also move their own start in steps.
        const [short = 0, long = 0] = eventsRead;
        assert.ok(long <= short + 512, `read ${short} and ${long} events, with ${JSON.stringify(config)}`);
      }
    }
  });

  it('does not modify the timeline, the time or the parsed config', async () => {
    for (const config of configs) {
      for (const createTimeline of Object.values(TIMELINES)) {
        const [policy, timeline, now] = [createPolicy(), createTimeline(), new Date(NOW)];
        const before = contentOf(timeline);
        const parsed = policy.parseConfig(copyOf(config));
        const first = outline(await select(policy, parsed, timeline, now));
        assert.equal(contentOf(timeline), before);
        assert.equal(now.getTime(), NOW.getTime());
        assert.deepEqual(outline(await select(policy, parsed, timeline, now)), first);
      }
    }
  });
}

/** @param context says in failures which timeline and config were used */
function assertValidSelection(
  events: readonly LiveEvent[],
  timeline: InMemoryTimeline,
  context: string,
): void {
  const originals = new Map(timeline.newestFrom(1).map((event) => [event.seq, event]));
  let previousSeq = Infinity;
  for (const event of events) {
    const { seq, parts } = event;
    const original = originals.get(seq);
    const where = `seq ${seq} ${context}`;
    assert.ok(timeline.owns(event), `events must come from the timeline, copies are rejected: ${where}`);
    assert.ok(seq < previousSeq, `events must be newest first, each at most once: ${where}`);
    assert.ok(parts.length > 0, `an event must keep at least one part: ${where}`);
    assert.ok(
      original && (isSubsequence(parts, original.parts) || isReplacedToolMessage(event)),
      `parts must not be added, changed or reordered: ${where}`,
    );
    previousSeq = seq;
  }
}
