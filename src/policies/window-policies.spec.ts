import { describe, expect, it } from '@jest/globals';
import { BudgetPolicy, ManualPolicy } from './budget.policy.js';
import { describeWindowPolicy, selectedEvents } from './testing/describe-window-policy.js';
import { InMemoryTimeline, type TimelineEvent } from './testing/in-memory-timeline.js';
import { LastNPolicy } from './last-n.policy.js';
import { SkipPartsPolicy } from './skip-parts.policy.js';
import { StripToolResultsPolicy } from './strip-tool-results.policy.js';
import { TimeWindowPolicy } from './time-window.policy.js';
import type { WindowPolicy } from './window-policy.js';

const LIMITS = {
  valid: [{}, { limit: 1 }, { limit: 5 }, { limit: 5, trim_to: 2 }, { limit: null }],
  invalid: [
    { config: { limit: 0 }, field: 'limit' },
    { config: { limit: '5' }, field: 'limit' },
    { config: { limit: 1.5 }, field: 'limit' },
    { config: { limit: 5, trim_to: 6 }, field: 'trim_to' },
    { config: { trim_to: 0 }, field: 'trim_to' },
  ],
};

describeWindowPolicy('last_n', () => new LastNPolicy(), LIMITS);
describeWindowPolicy('strip_tool_results', () => new StripToolResultsPolicy(), {
  valid: [...LIMITS.valid, { placeholder: 'gone', keep_recent: 2 }],
  invalid: [
    ...LIMITS.invalid,
    { config: { placeholder: ' ' }, field: 'placeholder' },
    { config: { placeholder: 'x'.repeat(1001) }, field: 'placeholder' },
    { config: { keep_recent: -1 }, field: 'keep_recent' },
  ],
});
describeWindowPolicy('budget', () => new BudgetPolicy(), {
  valid: [{}],
  invalid: [{ config: { limit: 5 }, field: 'limit' }],
});
describeWindowPolicy('manual', () => new ManualPolicy(), {
  valid: [{}],
  invalid: [{ config: { limit: 5 }, field: 'limit' }],
});
describeWindowPolicy('skip_parts', () => new SkipPartsPolicy(), {
  valid: [
    ...LIMITS.valid,
    { kinds: ['image'] },
    { kinds: [] },
    { kinds: ['tool*', 'text'], limit: 3, trim_to: 1 },
  ],
  invalid: [
    ...LIMITS.invalid,
    { config: { kinds: 'image' }, field: 'kinds' },
    { config: { kinds: [1] }, field: 'kinds' },
  ],
});
describeWindowPolicy('time_window', () => new TimeWindowPolicy(), {
  valid: [{ max_age_seconds: 1 }, { max_age_seconds: 300 }, { max_age_seconds: 300, min_events: 10 }],
  invalid: [
    { config: {}, field: 'max_age_seconds' },
    { config: { max_age_seconds: 0 }, field: 'max_age_seconds' },
    { config: { max_age_seconds: 1, min_events: -1 }, field: 'min_events' },
  ],
});

const NOW = new Date('2026-01-01T12:00:00.000Z');

/** Events of one part each, with these part types and seqs. */
function timeline(types: string[], seqs = types.map((_, index) => index + 1)): InMemoryTimeline {
  const events: TimelineEvent[] = types.map((type, index) => ({
    seq: seqs[index]!,
    role: 'user',
    parts: [{ type }],
    insertedAt: new Date(NOW.getTime() - (types.length - index - 1) * 1000),
  }));
  return new InMemoryTimeline(events);
}

async function selectedSeqs(
  policy: WindowPolicy,
  config: Record<string, unknown>,
  log: InMemoryTimeline,
): Promise<number[]> {
  const selection = await policy.select(log, policy.parseConfig(config), NOW);
  if ('fromSeq' in selection) return [selection.fromSeq];
  const selected = await selectedEvents(policy, config, log, NOW);
  return selected.map(({ seq }) => seq).reverse();
}

describe('trim_to', () => {
  it('keeps the start of last_n for limit − trim_to appends, even across compacted ranges', async () => {
    const seqs = [1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23, 24];
    const starts: number[] = [];
    for (let count = 1; count <= seqs.length; count += 1) {
      const log = timeline(Array<string>(count).fill('text'), seqs.slice(0, count));
      starts.push((await selectedSeqs(new LastNPolicy(), { limit: 4, trim_to: 2 }, log))[0]!);
    }
    expect(starts).toEqual([1, 1, 1, 1, 10, 10, 10, 13, 13, 13, 22, 22]);
  });

  it('makes a policy that drops events start at the same positions, at the first that leaves at most limit events', async () => {
    const types = Array.from({ length: 20 }, (_, index) => (index % 2 ? 'reasoning' : 'text'));
    for (let count = 1; count <= types.length; count += 1) {
      const kept = await selectedSeqs(
        new SkipPartsPolicy(),
        { limit: 4, trim_to: 2 },
        timeline(types.slice(0, count)),
      );
      const all = types.slice(0, count).flatMap((type, index) => (type === 'text' ? [index + 1] : []));
      const start = [1, 4, 7, 10, 13, 16, 19].find((first) => all.filter((seq) => seq >= first).length <= 4)!;
      expect(kept).toEqual(all.filter((seq) => seq >= start));
    }
  });
});

describe('policies that remove parts', () => {
  it('count only the remaining events, and stop reading when they have enough', async () => {
    const log = timeline(Array.from({ length: 1000 }, (_, index) => (index % 4 ? 'reasoning' : 'text')));
    expect(await selectedSeqs(new SkipPartsPolicy(), { limit: 3 }, log)).toEqual([989, 993, 997]);
    expect(log.eventsRead).toBeLessThan(20);
  });

  it('match kinds exactly, and a * at the end with any suffix', async () => {
    const types = ['text', 'tool', 'tool_call', 'toolbox', 'reasoning', 'reasoning_trace'];
    expect(await selectedSeqs(new SkipPartsPolicy(), {}, timeline(types))).toEqual([1, 6]);
    expect(await selectedSeqs(new SkipPartsPolicy(), { kinds: ['tool'] }, timeline(types))).toEqual([
      1, 3, 4, 5, 6,
    ]);
    expect(await selectedSeqs(new SkipPartsPolicy(), { kinds: ['*'] }, timeline(types))).toEqual([]);
  });
});

describe('time_window', () => {
  it('selects an event that is exactly max_age_seconds old, and no older event', async () => {
    const log = timeline(Array<string>(10).fill('text'));
    expect(await selectedSeqs(new TimeWindowPolicy(), { max_age_seconds: 4 }, log)).toEqual([6]);
    expect(await selectedSeqs(new TimeWindowPolicy(), { max_age_seconds: 4, min_events: 8 }, log)).toEqual([
      3,
    ]);
    expect(await selectedSeqs(new TimeWindowPolicy(), { max_age_seconds: 4, min_events: 99 }, log)).toEqual([
      1,
    ]);
  });
});
