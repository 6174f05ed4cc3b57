import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ConversationId } from '../common/conversation-id.js';
import { AppConfig } from '../config/app-config.js';
import { RecentEventsCache } from './recent-events-cache.js';
import type { EventLogRepository } from './event-log.repository.js';
import type { BudgetedRange, CountedEvent, SeqRange } from './stored-event.js';

const ID = new ConversationId('default', 'a');

/** A log in memory that counts what is read of it. */
class MemoryLog {
  readonly events: CountedEvent[] = [];
  suffixes = 0;
  eventsRead = 0;

  append(tokenEstimate: number): void {
    const seq = this.events.length + 1;
    const tokensThrough = (this.events.at(-1)?.tokensThrough ?? 0) + tokenEstimate;
    const body = `{"role":"user","parts":[${seq}]}`;
    const [version, partTokens, insertedAt] = [seq, null, new Date(0)];
    this.events.push({ seq, version, body, tokenEstimate, partTokens, insertedAt, tokensThrough });
  }

  suffix(_: ConversationId, runs: readonly BudgetedRange[]) {
    this.suffixes += 1;
    return Promise.resolve(this.wanted(runs));
  }

  forward(_: ConversationId, { fromSeq, toSeq }: SeqRange, limit: number) {
    const events = this.events.slice(fromSeq - 1, toSeq).slice(0, limit);
    this.eventsRead += events.length;
    return Promise.resolve(events);
  }

  tokensThrough(_: ConversationId, seq: number) {
    return Promise.resolve(this.events[seq - 1]?.tokensThrough ?? 0);
  }

  wanted(runs: readonly BudgetedRange[]) {
    const events = runs.flatMap(({ fromSeq, toSeq, fromTokens }) =>
      this.events.slice(fromSeq - 1, toSeq).filter((event) => before(event) >= fromTokens),
    );
    return { events, tokensBefore: before(this.events[(runs[0]?.fromSeq ?? 1) - 1]!) };
  }
}

const before = ({ tokensThrough, tokenEstimate }: CountedEvent) => tokensThrough - tokenEstimate;

function tailsOf(log: MemoryLog, env: Record<string, string> = {}): RecentEventsCache {
  return new RecentEventsCache(log as unknown as EventLogRepository, AppConfig.fromEnvironment(env));
}

const MANY_BYTES = 64 * 1024 * 1024;

describe('RecentEventsCache', () => {
  it('gives what the log gives, whatever was asked for before', async () => {
    const tokens = fc.constantFrom(0, 0, 1, 1, 2, 3, 7);
    const step = fc.record({
      appended: fc.array(tokens, { maxLength: 4 }),
      back: fc.integer({ min: 0, max: 25 }),
      behind: fc.constantFrom(0, 0, 0, 1, 5),
      room: fc.integer({ min: -1, max: 40 }),
      page: fc.option(fc.tuple(fc.nat(60), fc.nat(30))),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 25 }), async (steps) => {
        const log = new MemoryLog();
        const tails = tailsOf(log);
        for (const { appended, back, behind, room, page } of steps) {
          for (const each of [1, ...appended]) log.append(each);
          const toSeq = Math.max(1, log.events.length - behind);
          const fromTokens = log.events[toSeq - 1]!.tokensThrough - room;
          const run = { fromSeq: Math.max(1, toSeq - back), toSeq, fromTokens };
          const { events, tokensBefore } = await tails.suffix(ID, 'h', [run], MANY_BYTES);
          expect({ events, tokensBefore }).toEqual(log.wanted([run]));
          if (!page) continue;
          const fromSeq = Math.min(page[0] + 1, log.events.length);
          const range = { fromSeq, toSeq: Math.min(fromSeq + page[1], log.events.length) };
          expect(await tails.range(ID, 'h', range, MANY_BYTES)).toEqual(
            log.events.slice(range.fromSeq - 1, range.toSeq),
          );
        }
      }),
      { numRuns: 500 },
    );
  });

  it('reads what was appended since, and no more', async () => {
    const log = new MemoryLog();
    const tails = tailsOf(log);
    for (let count = 0; count < 50; count += 1) log.append(2);
    await tails.suffix(ID, 'h', [{ fromSeq: 11, toSeq: 50, fromTokens: 0 }], MANY_BYTES);
    for (let count = 0; count < 30; count += 1) {
      log.append(2);
      const toSeq = 51 + count;
      await tails.suffix(ID, 'h', [{ fromSeq: toSeq - 39, toSeq, fromTokens: 0 }], MANY_BYTES);
    }
    expect([log.suffixes, log.eventsRead]).toEqual([1, 30]);
  });

  it('gives a range that it has without asking the log, and reads what is missing of it', async () => {
    const log = new MemoryLog();
    const tails = tailsOf(log);
    for (let count = 0; count < 50; count += 1) log.append(2);
    await tails.suffix(ID, 'h', [{ fromSeq: 11, toSeq: 50, fromTokens: 0 }], MANY_BYTES);
    await tails.range(ID, 'h', { fromSeq: 11, toSeq: 50 }, MANY_BYTES);
    expect(log.eventsRead).toBe(0);
    for (let count = 0; count < 2; count += 1) log.append(2);
    await tails.range(ID, 'h', { fromSeq: 13, toSeq: 52 }, MANY_BYTES);
    await tails.range(ID, 'h', { fromSeq: 14, toSeq: 52 }, MANY_BYTES);
    expect(log.eventsRead).toBe(2);
    await tails.range(ID, 'h', { fromSeq: 10, toSeq: 52 }, MANY_BYTES); // begins before what there is
    await tails.range(ID, 'h', { fromSeq: 52, toSeq: 52 }, 10); // may be too large
    expect([log.suffixes, log.eventsRead]).toEqual([1, 2 + 43 + 1]);
  });

  it('reads anew when more came than a tail is lengthened by', async () => {
    const log = new MemoryLog();
    const tails = tailsOf(log);
    log.append(1);
    await tails.suffix(ID, 'h', [{ fromSeq: 1, toSeq: 1, fromTokens: 0 }], MANY_BYTES);
    for (let count = 0; count < 300; count += 1) log.append(1);
    const run = { fromSeq: 1, toSeq: 301, fromTokens: 0 };
    expect((await tails.suffix(ID, 'h', [run], MANY_BYTES)).events).toHaveLength(301);
    expect([log.suffixes, log.eventsRead]).toEqual([2, 0]);
  });

  it('asks the log where a reader has less room than the tail may take, and where there are several runs', async () => {
    const log = new MemoryLog();
    const tails = tailsOf(log);
    for (let count = 0; count < 4; count += 1) log.append(1);
    const run = { fromSeq: 1, toSeq: 4, fromTokens: 0 };
    await tails.suffix(ID, 'h', [run], MANY_BYTES);
    await tails.suffix(ID, 'h', [run], 100);
    await tails.suffix(
      ID,
      'h',
      [
        { ...run, toSeq: 1 },
        { ...run, fromSeq: 3 },
      ],
      MANY_BYTES,
    );
    expect(log.suffixes).toBe(3);
  });

  it('forgets the events that nobody asks for any more', async () => {
    const log = new MemoryLog();
    const tails = tailsOf(log);
    for (let count = 0; count < 600; count += 1) log.append(1);
    await tails.suffix(ID, 'h', [{ fromSeq: 1, toSeq: 600, fromTokens: 0 }], MANY_BYTES);
    const newest = { fromSeq: 591, toSeq: 600, fromTokens: 0 };
    await tails.suffix(ID, 'h', [newest], MANY_BYTES);
    await tails.suffix(ID, 'h', [newest], MANY_BYTES);
    expect(log.suffixes).toBe(1);
    await tails.suffix(ID, 'h', [{ ...newest, fromSeq: 1 }], MANY_BYTES);
    expect(log.suffixes).toBe(2);
  });

  it('remembers nothing where no memory is given', async () => {
    const log = new MemoryLog();
    const tails = tailsOf(log, { FASTPACA_CACHE_BYTES: '0' });
    log.append(1);
    const run = { fromSeq: 1, toSeq: 1, fromTokens: 0 };
    for (let time = 0; time < 2; time += 1) await tails.suffix(ID, 'h', [run], MANY_BYTES);
    expect(log.suffixes).toBe(2);
  });
});
