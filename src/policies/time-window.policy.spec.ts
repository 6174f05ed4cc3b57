import { describe, expect, it } from '@jest/globals';
import { selectedEvents } from './testing/describe-window-policy.js';
import { InMemoryTimeline } from './testing/in-memory-timeline.js';
import { TimeWindowPolicy } from './time-window.policy.js';

const NOW = new Date('2026-05-01T12:00:00.000Z');

/** The places, from 1 on, of what is left of live events so many milliseconds old. */
async function left(config: Record<string, unknown>, agesMs: number[], seqs?: number[]): Promise<number[]> {
  const timeline = new InMemoryTimeline(
    agesMs.map((ageMs, index) => ({
      seq: seqs?.[index] ?? index + 1,
      role: 'user',
      parts: [{ type: 'text' }],
      insertedAt: new Date(NOW.getTime() - ageMs),
    })),
  );
  const selected = await selectedEvents(new TimeWindowPolicy(), config, timeline, NOW);
  expect(timeline.eventsRead).toBe(0);
  return selected.map(({ position }) => position).reverse();
}

describe('time_window', () => {
  it('leaves what is exactly max_age_seconds old, and not what is a millisecond older', async () => {
    expect(await left({ max_age_seconds: 60 }, [60_002, 60_001, 60_000, 59_999, 0])).toEqual([3, 4, 5]);
  });

  it('leaves nothing where all is too old, and everything where nothing is', async () => {
    expect(await left({ max_age_seconds: 1 }, [5000, 4000, 3000])).toEqual([]);
    expect(await left({ max_age_seconds: 5 }, [5000, 4000, 3000])).toEqual([1, 2, 3]);
  });

  it('leaves events of one moment together', async () => {
    expect(await left({ max_age_seconds: 2 }, [2001, 2000, 2000, 2000])).toEqual([2, 3, 4]);
  });

  it('takes what is dated after now as young', async () => {
    expect(await left({ max_age_seconds: 1 }, [5000, -5000])).toEqual([2]);
  });

  it('leaves the newest min_events whatever their age, and no fewer of the young for it', async () => {
    const ages = [9000, 8000, 7000, 500, 400];
    expect(await left({ max_age_seconds: 1, min_events: 3 }, ages)).toEqual([3, 4, 5]);
    expect(await left({ max_age_seconds: 1, min_events: 2 }, ages)).toEqual([4, 5]);
    expect(await left({ max_age_seconds: 1, min_events: 1 }, ages)).toEqual([4, 5]);
    expect(await left({ max_age_seconds: 1, min_events: 6 }, ages)).toEqual([1, 2, 3, 4, 5]);
    expect(await left({ max_age_seconds: 1, min_events: 0 }, [2000, 2000])).toEqual([]);
  });

  it('counts min_events among the live events, not the seqs', async () => {
    const old = [9000, 9000, 9000, 9000];
    expect(await left({ max_age_seconds: 1, min_events: 3 }, old, [1, 2, 40, 400])).toEqual([2, 3, 4]);
  });
});
