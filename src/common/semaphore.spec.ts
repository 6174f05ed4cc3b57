import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { UnavailableError } from './errors/common.errors.js';
import { Semaphore } from './semaphore.js';

const UNLIMITED_MS = 0;

/** Work that finishes when the test calls `finish`, and records its start and end in `log`. */
class ControlledWork {
  finish: () => void = () => undefined;
  private readonly finished = new Promise<void>((resolve) => (this.finish = resolve));

  constructor(
    private readonly name: string,
    private readonly log: string[],
  ) {}

  run = async (): Promise<string> => {
    this.log.push(`${this.name} begins`);
    await this.finished;
    this.log.push(`${this.name} ends`);
    return this.name;
  };
}

describe('Semaphore', () => {
  it('admits waiters of equal weight in the order of their arrival', async () => {
    const semaphore = new Semaphore(1, UNLIMITED_MS, 'too many');
    const log: string[] = [];
    const works = ['a', 'b', 'c'].map((name) => new ControlledWork(name, log));
    const results = works.map(({ run }) => semaphore.run(run));
    for (const work of works.toReversed()) work.finish();
    expect(await Promise.all(results)).toEqual(['a', 'b', 'c']);
    expect(log).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  });

  it('admits the next waiter when the work of the current holder fails', async () => {
    const semaphore = new Semaphore(1, UNLIMITED_MS, 'too many');
    const failed = semaphore.run(() => Promise.reject(new Error('no')));
    const next = semaphore.run(() => Promise.resolve(1));
    await expect(failed).rejects.toThrow('no');
    expect(await next).toBe(1);
    expect(await semaphore.run(() => Promise.resolve(2))).toBe(2);
  });

  it('rejects a waiter after the time limit, and removes it from waitingCount', async () => {
    const semaphore = new Semaphore(1, 1, 'too many');
    const log: string[] = [];
    const slow = new ControlledWork('slow', log);
    const first = semaphore.run(slow.run);
    await expect(semaphore.run(new ControlledWork('late', log).run)).rejects.toThrow(UnavailableError);
    expect(semaphore.waitingCount).toBe(0);
    slow.finish();
    expect(await first).toBe('slow');
    expect(await semaphore.run(() => Promise.resolve('next'))).toBe('next');
    expect(log).toEqual(['slow begins', 'slow ends']);
  });

  it('rejects with status 503 and the given message', async () => {
    const semaphore = new Semaphore(8, 1, 'too many');
    await semaphore.acquire(8);
    await expect(semaphore.acquire(8)).rejects.toMatchObject({
      status: 503,
      retryAfterSeconds: 1,
      message: 'too many',
    });
    semaphore.release(8);
    await semaphore.acquire(8);
  });

  it('admits at most as many concurrent callers as its capacity', async () => {
    const semaphore = new Semaphore(2, UNLIMITED_MS, 'too many');
    const log: string[] = [];
    const works = ['a', 'b', 'c'].map((name) => new ControlledWork(name, log));
    const results = works.map(({ run }) => semaphore.run(run));
    await nextTurn();
    expect([log, semaphore.waitingCount]).toEqual([['a begins', 'b begins'], 1]);
    for (const work of works) work.finish();
    await Promise.all(results);
    expect(log.slice(-2)).toEqual(['c begins', 'c ends']);
  });
});

describe('Semaphore with weights', () => {
  /** Acquires a weight and records when it is admitted. */
  async function acquire(semaphore: Semaphore, name: string, weight: number, log: string[]): Promise<void> {
    await semaphore.acquire(weight);
    log.push(name);
  }

  it('admits callers up to its capacity, then the smallest waiter that fits', async () => {
    const semaphore = new Semaphore(8, UNLIMITED_MS, 'too many');
    const log: string[] = [];
    await acquire(semaphore, 'first', 6, log);
    await acquire(semaphore, 'second', 2, log);
    const large = acquire(semaphore, 'large', 7, log);
    const medium = acquire(semaphore, 'medium', 2, log);
    const small = acquire(semaphore, 'small', 1, log);
    await nextTurn();
    expect(log).toEqual(['first', 'second']);

    semaphore.release(2);
    await small;
    semaphore.release(1);
    await medium;
    semaphore.release(2);
    await nextTurn();
    expect(log).toEqual(['first', 'second', 'small', 'medium']);

    semaphore.release(6);
    await large;
    expect(log.at(-1)).toBe('large');
  });

  it('admits a caller whose weight exceeds the capacity when there is no other holder', async () => {
    const semaphore = new Semaphore(8, UNLIMITED_MS, 'too many');
    const log: string[] = [];
    await acquire(semaphore, 'huge', 64, log);
    const other = acquire(semaphore, 'other', 1, log);
    await nextTurn();
    expect(log).toEqual(['huge']);
    semaphore.release(64);
    await other;
  });
});
