import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ConversationId } from '../common/conversation-id.js';
import { AppConfig } from '../config/app-config.js';
import { ConversationCaches } from '../conversations/conversation-caches.js';
import { RecentEventsCache } from './recent-events-cache.js';
import type { EventLogRepository } from './event-log.repository.js';
import type { SuffixRange, EventWithTotal, SeqRange } from './stored-event.js';

const ID = new ConversationId('default', 'a');

/** A log in memory that counts reads. */
class MemoryLog {
  readonly events: EventWithTotal[] = [];
  suffixes = 0;
  eventsRead = 0;

  append(tokenEstimate: number): void {
    const seq = this.events.length + 1;
    const tokensThrough = (this.events.at(-1)?.tokensThrough ?? 0) + tokenEstimate;
    const body = `{"role":"user","parts":[${seq}]}`;
    const [version, partTokens, insertedAt] = [seq, null, new Date(0)];
    this.events.push({
      seq,
      version,
      body,
      tokenEstimate,
      partTokens,
      outline: '1',
      insertedAt,
      tokensThrough,
    });
  }

  suffix(_: ConversationId, ranges: readonly SuffixRange[]) {
    this.suffixes += 1;
    const wanted = this.wanted(ranges);
    return Promise.resolve({ ...wanted, unpack: () => wanted.events.map((event) => ({ ...event })) });
  }

  forward(_: ConversationId, { fromSeq, toSeq }: SeqRange, limit: number) {
    const events = this.events.slice(fromSeq - 1, toSeq).slice(0, limit);
    this.eventsRead += events.length;
    return Promise.resolve(events);
  }

  tokensThrough(_: ConversationId, seq: number) {
    return Promise.resolve(this.events[seq - 1]?.tokensThrough ?? 0);
  }

  wanted(ranges: readonly SuffixRange[]) {
    const events = ranges.flatMap(({ fromSeq, toSeq, minTokensBefore }) =>
      this.events.slice(fromSeq - 1, toSeq).filter((event) => tokensBefore(event) >= minTokensBefore),
    );
    return { events, tokensBefore: tokensBefore(this.events[(ranges[0]?.fromSeq ?? 1) - 1]!) };
  }
}

const tokensBefore = ({ tokensThrough, tokenEstimate }: EventWithTotal) => tokensThrough - tokenEstimate;

function cacheOf(log: MemoryLog, env: Record<string, string> = {}): RecentEventsCache {
  return new RecentEventsCache(
    log as unknown as EventLogRepository,
    new ConversationCaches(),
    AppConfig.fromEnvironment(env),
  );
}

const AMPLE_BYTES = 64 * 1024 * 1024;

describe('RecentEventsCache', () => {
  it('returns the same events as the log after any sequence of reads', async () => {
    const tokens = fc.constantFrom(0, 0, 1, 1, 2, 3, 7);
    const step = fc.record({
      appended: fc.array(tokens, { maxLength: 4 }),
      back: fc.integer({ min: 0, max: 25 }),
      behind: fc.constantFrom(0, 0, 0, 1, 5, 30),
      budget: fc.integer({ min: -1, max: 40 }),
      page: fc.option(fc.tuple(fc.nat(60), fc.nat(30))),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 25 }), async (steps) => {
        const log = new MemoryLog();
        const cache = cacheOf(log);
        for (const { appended, back, behind, budget, page } of steps) {
          for (const each of [1, ...appended]) log.append(each);
          const toSeq = Math.max(1, log.events.length - behind);
          const minTokensBefore = log.events[toSeq - 1]!.tokensThrough - budget;
          const range = { fromSeq: Math.max(1, toSeq - back), toSeq, minTokensBefore };
          const { events, tokensBefore } = await cache.suffix(ID, 'h', [range], AMPLE_BYTES);
          expect({ events, tokensBefore }).toEqual(log.wanted([range]));
          if (!page) continue;
          const fromSeq = Math.min(page[0] + 1, log.events.length);
          const pageRange = { fromSeq, toSeq: Math.min(fromSeq + page[1], log.events.length) };
          expect(await cache.range(ID, 'h', pageRange, AMPLE_BYTES)).toEqual(
            log.events.slice(pageRange.fromSeq - 1, pageRange.toSeq),
          );
        }
      }),
      { numRuns: 500 },
    );
  });

  it('reads only appended events while the running total from which they are needed stays the same', async () => {
    const log = new MemoryLog();
    const cache = cacheOf(log);
    for (let count = 0; count < 50; count += 1) log.append(2);
    for (let toSeq = 50; toSeq < 80; toSeq += 1) {
      const range = { fromSeq: 1, toSeq, minTokensBefore: 41 };
      const { events } = await cache.suffix(ID, 'h', [range], AMPLE_BYTES);
      expect(events[0]?.seq).toBe(22);
      log.append(2);
    }
    expect([log.suffixes, log.eventsRead]).toEqual([1, 29]);
    await cache.suffix(ID, 'h', [{ fromSeq: 1, toSeq: 80, minTokensBefore: 40 }], AMPLE_BYTES);
    expect(log.suffixes).toBe(2);
  });

  it('reads only the events appended since the last read', async () => {
    const log = new MemoryLog();
    const cache = cacheOf(log);
    for (let count = 0; count < 50; count += 1) log.append(2);
    await cache.suffix(ID, 'h', [{ fromSeq: 11, toSeq: 50, minTokensBefore: 0 }], AMPLE_BYTES);
    for (let count = 0; count < 30; count += 1) {
      log.append(2);
      const toSeq = 51 + count;
      await cache.suffix(ID, 'h', [{ fromSeq: toSeq - 39, toSeq, minTokensBefore: 0 }], AMPLE_BYTES);
    }
    expect([log.suffixes, log.eventsRead]).toEqual([1, 30]);
  });

  it('returns a cached range without a read, and reads only missing events', async () => {
    const log = new MemoryLog();
    const cache = cacheOf(log);
    for (let count = 0; count < 50; count += 1) log.append(2);
    await cache.suffix(ID, 'h', [{ fromSeq: 11, toSeq: 50, minTokensBefore: 0 }], AMPLE_BYTES);
    await cache.range(ID, 'h', { fromSeq: 11, toSeq: 50 }, AMPLE_BYTES);
    expect(log.eventsRead).toBe(0);
    for (let count = 0; count < 2; count += 1) log.append(2);
    await cache.range(ID, 'h', { fromSeq: 13, toSeq: 52 }, AMPLE_BYTES);
    await cache.range(ID, 'h', { fromSeq: 14, toSeq: 52 }, AMPLE_BYTES);
    expect(log.eventsRead).toBe(2);
    await cache.range(ID, 'h', { fromSeq: 10, toSeq: 52 }, AMPLE_BYTES); // begins before the cached events
    await cache.range(ID, 'h', { fromSeq: 52, toSeq: 52 }, 10); // may exceed the limit in bytes
    expect([log.suffixes, log.eventsRead]).toEqual([1, 2 + 43 + 1]);
  });

  it('keeps the newest events if an older end of the log is read', async () => {
    const log = new MemoryLog();
    const cache = cacheOf(log);
    for (let count = 0; count < 600; count += 1) log.append(1);
    const newest = { fromSeq: 11, toSeq: 600, minTokensBefore: 0 };
    await cache.suffix(ID, 'h', [newest], AMPLE_BYTES);
    await cache.suffix(ID, 'h', [{ fromSeq: 1, toSeq: 40, minTokensBefore: 0 }], AMPLE_BYTES);
    await cache.suffix(ID, 'h', [{ fromSeq: 21, toSeq: 40, minTokensBefore: 0 }], AMPLE_BYTES);
    await cache.suffix(ID, 'h', [newest], AMPLE_BYTES);
    expect([log.suffixes, log.eventsRead]).toEqual([2, 0]);
  });

  it('reads the whole range again if more than 256 events were appended', async () => {
    const log = new MemoryLog();
    const cache = cacheOf(log);
    log.append(1);
    await cache.suffix(ID, 'h', [{ fromSeq: 1, toSeq: 1, minTokensBefore: 0 }], AMPLE_BYTES);
    for (let count = 0; count < 300; count += 1) log.append(1);
    const range = { fromSeq: 1, toSeq: 301, minTokensBefore: 0 };
    expect((await cache.suffix(ID, 'h', [range], AMPLE_BYTES)).events).toHaveLength(301);
    expect([log.suffixes, log.eventsRead]).toEqual([2, 0]);
  });

  it('reads from the log if the cached events may exceed the limit in bytes, or for several ranges', async () => {
    const log = new MemoryLog();
    const cache = cacheOf(log);
    for (let count = 0; count < 4; count += 1) log.append(1);
    const range = { fromSeq: 1, toSeq: 4, minTokensBefore: 0 };
    await cache.suffix(ID, 'h', [range], AMPLE_BYTES);
    await cache.suffix(ID, 'h', [range], 100);
    await cache.suffix(
      ID,
      'h',
      [
        { ...range, toSeq: 1 },
        { ...range, fromSeq: 3 },
      ],
      AMPLE_BYTES,
    );
    expect(log.suffixes).toBe(3);
  });

  it('evicts old events that readers no longer need', async () => {
    const log = new MemoryLog();
    const cache = cacheOf(log);
    for (let count = 0; count < 600; count += 1) log.append(1);
    await cache.suffix(ID, 'h', [{ fromSeq: 1, toSeq: 600, minTokensBefore: 0 }], AMPLE_BYTES);
    const newest = { fromSeq: 591, toSeq: 600, minTokensBefore: 0 };
    await cache.suffix(ID, 'h', [newest], AMPLE_BYTES);
    await cache.suffix(ID, 'h', [newest], AMPLE_BYTES);
    expect(log.suffixes).toBe(1);
    await cache.suffix(ID, 'h', [{ ...newest, fromSeq: 1 }], AMPLE_BYTES);
    expect(log.suffixes).toBe(2);
  });

  it('caches nothing if FASTPACA_CACHE_BYTES is 0', async () => {
    const log = new MemoryLog();
    const cache = cacheOf(log, { FASTPACA_CACHE_BYTES: '0' });
    log.append(1);
    const range = { fromSeq: 1, toSeq: 1, minTokensBefore: 0 };
    for (let time = 0; time < 2; time += 1) await cache.suffix(ID, 'h', [range], AMPLE_BYTES);
    expect(log.suffixes).toBe(2);
  });
});
