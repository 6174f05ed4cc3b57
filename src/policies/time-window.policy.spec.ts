import { describe, expect, it } from '@jest/globals';
import { selectedEvents } from './testing/describe-window-policy.js';
import { InMemoryTimeline } from './testing/in-memory-timeline.js';
import { TimeWindowPolicy } from './time-window.policy.js';

const NOW = new Date('2026-05-01T12:00:00.000Z');

/** The selected positions of live events of these ages, oldest first. */
async function selectedPositions(
  config: Record<string, unknown>,
  agesMs: number[],
  seqs?: number[],
): Promise<number[]> {
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
  it('selects an event that is exactly max_age_seconds old, and no event that is a millisecond older', async () => {
    expect(await selectedPositions({ max_age_seconds: 60 }, [60_002, 60_001, 60_000, 59_999, 0])).toEqual([
      3, 4, 5,
    ]);
  });

  it('selects nothing if all events are too old, and everything if none is', async () => {
    expect(await selectedPositions({ max_age_seconds: 1 }, [5000, 4000, 3000])).toEqual([]);
    expect(await selectedPositions({ max_age_seconds: 5 }, [5000, 4000, 3000])).toEqual([1, 2, 3]);
  });

  it('selects all or none of the events inserted at the same time', async () => {
    expect(await selectedPositions({ max_age_seconds: 2 }, [2001, 2000, 2000, 2000])).toEqual([2, 3, 4]);
  });

  it('selects events dated after now', async () => {
    expect(await selectedPositions({ max_age_seconds: 1 }, [5000, -5000])).toEqual([2]);
  });

  it('selects at least the newest min_events, whatever their age', async () => {
    const ages = [9000, 8000, 7000, 500, 400];
    expect(await selectedPositions({ max_age_seconds: 1, min_events: 3 }, ages)).toEqual([3, 4, 5]);
    expect(await selectedPositions({ max_age_seconds: 1, min_events: 2 }, ages)).toEqual([4, 5]);
    expect(await selectedPositions({ max_age_seconds: 1, min_events: 1 }, ages)).toEqual([4, 5]);
    expect(await selectedPositions({ max_age_seconds: 1, min_events: 6 }, ages)).toEqual([1, 2, 3, 4, 5]);
    expect(await selectedPositions({ max_age_seconds: 1, min_events: 0 }, [2000, 2000])).toEqual([]);
  });

  it('moves the start in steps of a quarter if min_events is 20 or more', async () => {
    const startOf = async (count: number) => {
      const ages = Array.from({ length: count }, () => 9000);
      return (await selectedPositions({ max_age_seconds: 1, min_events: 20 }, ages))[0];
    };
    expect(await startOf(19)).toBe(1);
    expect(await startOf(25)).toBe(1);
    expect(await startOf(26)).toBe(7);
    expect(await startOf(31)).toBe(7);
    expect(await startOf(32)).toBe(13);
  });

  it('counts live events, not seqs, for min_events', async () => {
    const old = [9000, 9000, 9000, 9000];
    expect(await selectedPositions({ max_age_seconds: 1, min_events: 3 }, old, [1, 2, 40, 400])).toEqual([
      2, 3, 4,
    ]);
  });
});
