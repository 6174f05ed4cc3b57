import { describe, expect, it } from '@jest/globals';
import { MicroBatcher } from './micro-batcher.js';

/** Batches of at most two items; the test ends them. */
function batcherOf(maxInFlight: number) {
  const waiting: string[] = [];
  const started: { items: string[]; end: () => void }[] = [];
  const batcher = new MicroBatcher(maxInFlight, () => {
    const items = waiting.splice(0, 2);
    if (items.length === 0) return undefined;
    return new Promise((resolve) => started.push({ items, end: resolve }));
  });
  const add = (item: string) => {
    waiting.push(item);
    batcher.schedule();
  };
  return { add, started, batches: () => started.map(({ items }) => items.join('')) };
}

/** Lets everything happen that waits for a promise or for a turn of the event loop. */
async function settled(): Promise<void> {
  for (let turns = 0; turns < 4; turns += 1) await new Promise((resolve) => setImmediate(resolve));
}

describe('MicroBatcher', () => {
  it('starts nothing before the event loop has handled what has arrived', async () => {
    const { add, batches } = batcherOf(3);
    add('a');
    await Promise.resolve();
    add('b');
    expect(batches()).toEqual([]);
    await settled();
    expect(batches()).toEqual(['ab']);
  });

  it('starts further batches while items wait, up to its limit', async () => {
    const { add, batches } = batcherOf(2);
    for (const item of 'abcdef') add(item);
    await settled();
    expect(batches()).toEqual(['ab', 'cd']);
  });

  it('starts the next batch when one has ended', async () => {
    const { add, started, batches } = batcherOf(1);
    for (const item of 'abc') add(item);
    await settled();
    expect(batches()).toEqual(['ab']);
    started[0]!.end();
    await settled();
    expect(batches()).toEqual(['ab', 'c']);
  });

  it('starts again after it had nothing to start', async () => {
    const { add, started, batches } = batcherOf(1);
    add('a');
    await settled();
    started[0]!.end();
    await settled();
    add('b');
    await settled();
    expect(batches()).toEqual(['a', 'b']);
  });
});
