import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { BodyTurns } from './body-turns.js';

const MIB = 1024 * 1024;

/** Takes a turn and notes when it begins. */
function take(turns: BodyTurns, name: string, bytes: number, begun: string[]): Promise<() => void> {
  return turns.take(bytes).then((end) => {
    begun.push(name);
    return end;
  });
}

describe('BodyTurns', () => {
  it('lets bodies of 8 MiB together have their turn, and the smallest of the others when one ends', async () => {
    const turns = new BodyTurns();
    const begun: string[] = [];
    const first = await take(turns, 'first', 6 * MIB, begun);
    const second = await take(turns, 'second', 2 * MIB, begun);
    const large = take(turns, 'large', 7 * MIB, begun);
    const medium = take(turns, 'medium', 2 * MIB, begun);
    const small = take(turns, 'small', MIB, begun);
    await turn();
    expect(begun).toEqual(['first', 'second']);

    second();
    second();
    (await small)();
    (await medium)();
    await turn();
    expect(begun).toEqual(['first', 'second', 'small', 'medium']);

    first();
    (await large)();
    expect(begun.at(-1)).toBe('large');
  });

  it('lets a body that is larger than that have its turn alone', async () => {
    const turns = new BodyTurns();
    const begun: string[] = [];
    const end = await take(turns, 'huge', 64 * MIB, begun);
    const other = take(turns, 'other', 1, begun);
    await turn();
    expect(begun).toEqual(['huge']);
    end();
    (await other)();
  });

  it('rejects a body that has waited too long, and counts it no more', async () => {
    const turns = new BodyTurns({ maxWaitMs: 1 });
    const end = await turns.take(8 * MIB);
    await expect(turns.take(8 * MIB)).rejects.toMatchObject({ status: 503, retryAfterSeconds: 1 });
    end();
    (await turns.take(8 * MIB))();
  });
});
