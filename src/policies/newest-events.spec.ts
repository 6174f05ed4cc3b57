import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { selectedEvents } from './testing/describe-window-policy.js';
import { InMemoryTimeline } from './testing/in-memory-timeline.js';
import { SkipPartsPolicy } from './skip-parts.policy.js';

/** One entry per event of a log: the filter keeps the event, the filter empties it, or it is compacted. */
const log = fc.array(fc.constantFrom('kept', 'kept', 'emptied', 'compacted'), { maxLength: 60 });
const newest = fc
  .tuple(fc.integer({ min: 1, max: 8 }), fc.nat())
  .map(([limit, trim]) => ({ limit, trim_to: 1 + (trim % limit) }));

function timelineOf(events: readonly string[]): InMemoryTimeline {
  const live = events.flatMap((kind, index) =>
    kind === 'compacted' ? [] : [{ seq: index + 1, type: kind === 'kept' ? 'text' : 'reasoning' }],
  );
  return new InMemoryTimeline(
    live.map(({ seq, type }) => ({
      seq,
      role: 'user',
      parts: [{ type }],
      insertedAt: new Date('2026-01-01'),
    })),
    events.length,
  );
}

async function selectedSeqs(events: readonly string[], config: Record<string, unknown>): Promise<number[]> {
  const selected = await selectedEvents(new SkipPartsPolicy(), config, timelineOf(events));
  return selected.map(({ seq }) => seq).reverse();
}

describe('the newest events that a filter keeps', () => {
  it('start after the smallest multiple of limit − trim_to + 1 live events that leaves at most limit kept events', async () => {
    await fc.assert(
      fc.asyncProperty(log, newest, async (events, config) => {
        let live = events.flatMap((kind, index) => (kind === 'compacted' ? [] : [{ seq: index + 1, kind }]));
        const kept = () => live.filter(({ kind }) => kind === 'kept').map(({ seq }) => seq);
        while (kept().length > config.limit) live = live.slice(config.limit - config.trim_to + 1);
        expect(await selectedSeqs(events, config)).toEqual(kept());
      }),
      { numRuns: 400 },
    );
  });

  it('are exactly the newest limit events if trim_to is unset', async () => {
    await fc.assert(
      fc.asyncProperty(log, fc.integer({ min: 1, max: 8 }), async (events, limit) => {
        const kept = events.flatMap((kind, index) => (kind === 'kept' ? [index + 1] : []));
        expect(await selectedSeqs(events, { limit })).toEqual(kept.slice(-limit));
      }),
      { numRuns: 200 },
    );
  });

  it('lose only their oldest events as the log grows, and never exceed limit', async () => {
    await fc.assert(
      fc.asyncProperty(log, newest, async (events, config) => {
        let before: number[] = [];
        for (let count = 1; count <= events.length; count += 1) {
          const now = await selectedSeqs(events.slice(0, count), config);
          expect(now.length).toBeLessThanOrEqual(config.limit);
          const stayed = now.filter((seq) => seq < count);
          expect(stayed).toEqual(before.slice(before.length - stayed.length));
          before = now;
        }
      }),
      { numRuns: 60 },
    );
  });

  it('keep their start for limit − trim_to appends if the filter empties no event', async () => {
    const starts: (number | undefined)[] = [];
    for (let count = 1; count <= 15; count += 1)
      starts.push((await selectedSeqs(Array<string>(count).fill('kept'), { limit: 6, trim_to: 3 }))[0]);
    expect(starts).toEqual([1, 1, 1, 1, 1, 1, 5, 5, 5, 5, 9, 9, 9, 9, 13]);
  });

  it('are found without reading older events, except the first event beyond the limit', async () => {
    const timeline = timelineOf(Array<string>(1000).fill('kept'));
    await selectedEvents(new SkipPartsPolicy(), { limit: 5 }, timeline);
    expect(timeline.eventsRead).toBeLessThanOrEqual(6);
  });
});
