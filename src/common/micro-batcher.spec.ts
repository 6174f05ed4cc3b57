import { describe, expect, it } from '@jest/globals';
import { MicroBatcher } from './micro-batcher.js';

/** A batcher with batches of at most two items. A batch is in flight until the test calls its `end`. */
function batcherOf(maxInFlight: number) {
  const waiting: string[] = [];
  const started: { items: string[]; end: () => void }[] = [];
  const batcher = new MicroBatcher(
    maxInFlight,
    () => waiting.length,
    () => {
      const items = waiting.splice(0, 2);
      if (items.length === 0) return undefined;
      return new Promise((resolve) => started.push({ items, end: resolve }));
    },
  );
  const add = (item: string) => {
    waiting.push(item);
    batcher.schedule();
  };
  return { add, started, batches: () => started.map(({ items }) => items.join('')) };
}

/** Runs all pending promise callbacks, within this turn of the event loop. */
async function callbacks(): Promise<void> {
  for (let ticks = 0; ticks < 10; ticks += 1) await Promise.resolve();
}

/** Runs all pending promise callbacks, over several turns of the event loop. */
async function settled(): Promise<void> {
  for (let turns = 0; turns < 4; turns += 1) await new Promise((resolve) => setImmediate(resolve));
}

describe('MicroBatcher', () => {
  it('starts items that come one at a time within the same turn of the event loop', async () => {
    const { add, started, batches } = batcherOf(2);
    add('a');
    await callbacks();
    expect(batches()).toEqual(['a']);
    started[0]!.end();
    await callbacks();
    add('b');
    await callbacks();
    expect(batches()).toEqual(['a', 'b']);
  });

  it('starts no batch beside another before the event loop has handled the items that have arrived', async () => {
    const { add, batches } = batcherOf(3);
    add('a');
    await callbacks();
    add('b');
    await callbacks();
    add('c');
    expect(batches()).toEqual(['a']);
    await settled();
    expect(batches()).toEqual(['a', 'bc']);
  });

  it('collects items after a batch of several, until a batch has one item', async () => {
    const { add, started, batches } = batcherOf(1);
    for (const item of 'ab') add(item);
    await callbacks();
    started[0]!.end();
    await callbacks();
    add('c');
    await callbacks();
    expect(batches()).toEqual(['ab']);
    add('d');
    await settled();
    expect(batches()).toEqual(['ab', 'cd']);
    started[1]!.end();
    await callbacks();
    add('e');
    await settled();
    started[2]!.end();
    await callbacks();
    add('f');
    await callbacks();
    expect(batches()).toEqual(['ab', 'cd', 'e', 'f']);
  });

  it('starts further batches while items wait, up to maxInFlight', async () => {
    const { add, batches } = batcherOf(2);
    for (const item of 'abcdef') add(item);
    await settled();
    expect(batches()).toEqual(['ab', 'cd']);
  });

  it('starts the next batch when a batch has ended', async () => {
    const { add, started, batches } = batcherOf(1);
    for (const item of 'abc') add(item);
    await settled();
    expect(batches()).toEqual(['ab']);
    started[0]!.end();
    await settled();
    expect(batches()).toEqual(['ab', 'c']);
  });

  it('starts a batch for an item that arrives after all batches have ended', async () => {
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
