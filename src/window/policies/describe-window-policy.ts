import assert from 'node:assert/strict';
import { InMemoryTimeline, type TimelineEvent } from './in-memory-timeline.js';
import { InvalidPolicyConfigError } from './policy-config.js';
import type { LiveEvent } from './timeline.js';
import type { WindowPolicy } from './window-policy.js';

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

/** What a policy selects of a log: seqs and the texts of their parts, newest first. */
async function selected(policy: WindowPolicy, raw: Record<string, unknown>, events: TimelineEvent[]) {
  const timeline = new InMemoryTimeline(events);
  const selection = await policy.select(timeline, policy.parseConfig(raw), NOW);
  if ('fromSeq' in selection) {
    assert.ok(Number.isSafeInteger(selection.fromSeq) && selection.fromSeq >= 1, 'fromSeq is a seq');
    return events.filter(({ seq }) => seq >= selection.fromSeq).reverse();
  }
  const chosen: LiveEvent[] = [];
  for await (const event of selection) chosen.push(event);
  return chosen;
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
      for (const config of valid) factory().parseConfig(config);
    });

    it('names the field that is at fault in an invalid config, and one it does not know', () => {
      for (const { config, field } of [
        ...invalid,
        { config: { ...valid[0], no_such_field: 1 }, field: 'no_such_field' },
      ]) {
        assert.throws(
          () => factory().parseConfig(config),
          (error) =>
            error instanceof InvalidPolicyConfigError && error.details.some(({ path }) => path === field),
          `${JSON.stringify(config)} should be refused for ${field}`,
        );
      }
    });

    it('selects nothing of an empty timeline', async () => {
      for (const config of valid) assert.deepEqual(await selected(factory(), config, []), []);
    });

    it('selects events of the timeline, newest first, each once, and never more of their parts than there are', async () => {
      for (const config of valid) {
        for (const seed of [1, 2, 3, 10]) {
          const log = exampleLog(seed);
          const chosen = await selected(factory(), config, log);
          for (const [index, { seq, parts }] of chosen.entries()) {
            const original = log.find((event) => event.seq === seq);
            assert.ok(original, `seq ${seq} is in the timeline`);
            assert.ok(index === 0 || seq < (chosen[index - 1]?.seq ?? 0), 'newest first, each once');
            assert.ok(parts.length > 0, 'an event without parts is no event');
            for (const part of parts) assert.ok(original.parts.includes(part));
          }
        }
      }
    });

    it('selects the same of the same timeline, whichever instance is asked, and however often', async () => {
      for (const config of valid) {
        const policy = factory();
        const outline = async (by: WindowPolicy) =>
          (await selected(by, config, exampleLog(9))).map(({ seq, parts }) => ({ seq, parts: [...parts] }));
        const first = await outline(policy);
        assert.deepEqual(await outline(policy), first);
        assert.deepEqual(await outline(factory()), first);
      }
    });

    it('leaves its config as it was given', () => {
      for (const config of valid) {
        const before = JSON.stringify(config);
        factory().parseConfig(config);
        assert.equal(JSON.stringify(config), before);
      }
    });
  });
}
