import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from '@jest/globals';
import { BackgroundQueue } from './background-queue.js';

/** A queue whose items end when the test says so. */
function controlledQueue() {
  const started: number[] = [];
  const ends: (() => void)[] = [];
  const queue = new BackgroundQueue<number>((item) => {
    started.push(item);
    return new Promise((resolve) => ends.push(resolve));
  });
  const endNext = async () => {
    ends.shift()?.();
    await settled();
  };
  return { queue, started, endNext };
}

/** Resolves after everything that promises alone have to do. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('BackgroundQueue', () => {
  it('processes one item at a time, in the order of their arrival', async () => {
    const { queue, started, endNext } = controlledQueue();
    for (const item of [1, 2, 3]) expect(queue.add(item)).toBe(true);
    expect(started).toEqual([]);
    await settled();
    expect(started).toEqual([1]);
    await endNext();
    expect(started).toEqual([1, 2]);
    await endNext();
    await endNext();
    queue.add(4);
    await settled();
    expect(started).toEqual([1, 2, 3, 4]);
  });

  it('drops what arrives while 256 items wait', async () => {
    const { queue, started, endNext } = controlledQueue();
    const accepted = Array.from({ length: 300 }, (_, item) => queue.add(item));
    expect(accepted.filter(Boolean)).toHaveLength(256);
    expect(accepted[256]).toBe(false);
    await settled();
    expect(queue.add(300)).toBe(true);
    expect(queue.add(301)).toBe(false);
    for (let item = 0; item < 257; item += 1) await endNext();
    expect(started.at(-1)).toBe(300);
  });

  it('processes items outside the request that has added them', async () => {
    const request = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const queue = new BackgroundQueue<number>((item) => {
      seen.push([item, request.getStore()]);
      return Promise.resolve();
    });
    request.run('first', () => queue.add(1));
    request.run('second', () => queue.add(2));
    await settled();
    expect(seen).toEqual([
      [1, undefined],
      [2, undefined],
    ]);
  });

  it('waits for the current item when it stops, and processes no other', async () => {
    const { queue, started, endNext } = controlledQueue();
    for (const item of [1, 2]) queue.add(item);
    await settled();
    let hasStopped = false;
    const stopped = queue.stop().then(() => (hasStopped = true));
    await settled();
    expect(hasStopped).toBe(false);
    await endNext();
    await stopped;
    expect(queue.add(3)).toBe(false);
    expect(started).toEqual([1]);
  });
});
