import { describe, expect, it } from '@jest/globals';
import { UnavailableError } from './errors/common.errors.js';
import { Semaphore } from './semaphore.js';

/** Longer than any test takes. */
const FOR_EVER_MS = 1_000_000;

/** Work that ends when it is told to, and says what it does. */
class Work {
  end: () => void = () => undefined;
  private readonly ended = new Promise<void>((resolve) => (this.end = resolve));

  constructor(
    private readonly name: string,
    private readonly said: string[],
  ) {}

  run = async (): Promise<string> => {
    this.said.push(`${this.name} begins`);
    await this.ended;
    this.said.push(`${this.name} ends`);
    return this.name;
  };
}

describe('a slot', () => {
  it('is given to one after another, in the order in which they came', async () => {
    const slots = new Semaphore(1, FOR_EVER_MS, 'too many');
    const said: string[] = [];
    const works = ['a', 'b', 'c'].map((name) => new Work(name, said));
    const made = works.map(({ run }) => slots.run(run));
    for (const work of works.toReversed()) work.end();
    expect(await Promise.all(made)).toEqual(['a', 'b', 'c']);
    expect(said).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  });

  it('is free again after work that fails', async () => {
    const slots = new Semaphore(1, FOR_EVER_MS, 'too many');
    const failed = slots.run(() => Promise.reject(new Error('no')));
    const next = slots.run(() => Promise.resolve(1));
    await expect(failed).rejects.toThrow('no');
    expect(await next).toBe(1);
    expect(await slots.run(() => Promise.resolve(2))).toBe(2);
  });

  it('is not waited for longer than the limit', async () => {
    const slots = new Semaphore(1, 1, 'too many');
    const said: string[] = [];
    const slow = new Work('slow', said);
    const first = slots.run(slow.run);
    await expect(slots.run(new Work('late', said).run)).rejects.toThrow(UnavailableError);
    slow.end();
    expect(await first).toBe('slow');
    expect(await slots.run(() => Promise.resolve('next'))).toBe('next');
    expect(said).toEqual(['slow begins', 'slow ends']);
  });

  it('is one of as many as there are', async () => {
    const slots = new Semaphore(2, FOR_EVER_MS, 'too many');
    const said: string[] = [];
    const works = ['a', 'b', 'c'].map((name) => new Work(name, said));
    const made = works.map(({ run }) => slots.run(run));
    await new Promise((resolve) => setImmediate(resolve));
    expect([said, slots.waitingCount]).toEqual([['a begins', 'b begins'], 1]);
    for (const work of works) work.end();
    await Promise.all(made);
    expect(said.slice(-2)).toEqual(['c begins', 'c ends']);
  });
});
