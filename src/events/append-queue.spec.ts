import { describe, expect, it } from '@jest/globals';
import { ConversationId } from '../common/conversation-id.js';
import { UnavailableError } from '../common/errors/common.errors.js';
import { AppConfig } from '../config/app-config.js';
import { AppendQueue } from './append-queue.js';

const A = new ConversationId('default', 'a');
const B = new ConversationId('default', 'b');

const queueOf = (limit: number, timeoutMs = 20_000) =>
  new AppendQueue(
    AppConfig.fromEnvironment({
      FASTPACA_APPEND_QUEUE_LIMIT: String(limit),
      FASTPACA_DATABASE_TIMEOUT_MS: String(timeoutMs),
    }),
  );

/** Appends that begin and end when the test says so, and what has happened of them. */
class Appends {
  readonly log: string[] = [];
  private readonly ends = new Map<
    string,
    { resolve: (value: string) => void; reject: (fault: Error) => void }
  >();

  append(name: string): () => Promise<string> {
    return () => {
      this.log.push(`${name} begins`);
      return new Promise<string>((resolve, reject) => this.ends.set(name, { resolve, reject }));
    };
  }

  async end(name: string): Promise<void> {
    this.log.push(`${name} ends`);
    this.ends.get(name)!.resolve(name);
    await settled();
  }

  async fail(name: string): Promise<void> {
    this.log.push(`${name} fails`);
    this.ends.get(name)!.reject(new Error(name));
    await settled();
  }
}

/** Lets everything happen that waits for nothing but a promise. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('AppendQueue', () => {
  it('runs the appends of one conversation one after the other, in the order they came', async () => {
    const queue = queueOf(10);
    const appends = new Appends();
    const all = ['1', '2', '3'].map((name) => queue.run(A, appends.append(name)));
    await settled();
    for (const name of ['1', '2', '3']) await appends.end(name);
    expect(await Promise.all(all)).toEqual(['1', '2', '3']);
    expect(appends.log).toEqual(['1 begins', '1 ends', '2 begins', '2 ends', '3 begins', '3 ends']);
  });

  it('runs those of other conversations meanwhile', async () => {
    const queue = queueOf(10);
    const appends = new Appends();
    const all = [
      queue.run(A, appends.append('a1')),
      queue.run(A, appends.append('a2')),
      queue.run(B, appends.append('b1')),
    ];
    await settled();
    expect(appends.log).toEqual(['a1 begins', 'b1 begins']);
    for (const name of ['b1', 'a1', 'a2']) await appends.end(name);
    await Promise.all(all);
  });

  it('goes on after one that fails, and tells its own caller alone', async () => {
    const queue = queueOf(10);
    const appends = new Appends();
    const first = expect(queue.run(A, appends.append('1'))).rejects.toThrow('1');
    const second = queue.run(A, appends.append('2'));
    await settled();
    await appends.fail('1');
    await first;
    await appends.end('2');
    expect(await second).toBe('2');
    const third = queue.run(A, appends.append('3'));
    await appends.end('3');
    expect(await third).toBe('3');
  });

  it('refuses one that had to wait past the time limit, without beginning it, and goes on', async () => {
    const queue = queueOf(10, 100);
    const appends = new Appends();
    const slow = queue.run(A, appends.append('slow'));
    const late = expect(queue.run(A, appends.append('late'))).rejects.toThrow(UnavailableError);
    await new Promise((resolve) => setTimeout(resolve, 150));
    const next = queue.run(A, appends.append('next'));
    await appends.end('slow');
    await Promise.all([slow, late]);
    await appends.end('next');
    expect(await next).toBe('next');
    expect(appends.log).toEqual(['slow begins', 'slow ends', 'next begins', 'next ends']);
  });

  it('refuses more than may wait, of all conversations together, until one is done', async () => {
    const queue = queueOf(2);
    const appends = new Appends();
    const all = [queue.run(A, appends.append('a1')), queue.run(A, appends.append('a2'))];
    await expect(queue.run(B, appends.append('b1'))).rejects.toThrow(UnavailableError);
    await settled();
    await appends.end('a1');
    all.push(queue.run(B, appends.append('b2')));
    await expect(queue.run(A, appends.append('a3'))).rejects.toThrow(UnavailableError);
    for (const name of ['a2', 'b2']) await appends.end(name);
    await Promise.all(all);
    expect(appends.log.filter((line) => /b1|a3/.test(line))).toEqual([]);
  });
});
