import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ConversationId } from '../common/conversation-id.js';
import type { EventsService } from '../events/events.service.js';
import type { EventWithTotal, SeqRange } from '../events/stored-event.js';
import { LiveRanges } from './live-ranges.js';
import { LogTimeline, type StoredLiveEvent } from './log-timeline.js';
import { InMemoryTimeline } from '../policies/testing/in-memory-timeline.js';
import type { LiveEvent, Timeline } from '../policies/timeline.js';

const ID = new ConversationId('default', 'any');
const COUNTS = { base: new Map([['user', 4]]), ofText: (text: string) => text.length };
const START = Date.UTC(2026, 0);

function stored(seq: number, types: string[], insertedAt: Date): EventWithTotal {
  const parts = types.map((type) => ({ type }));
  // Each part costs ten tokens more than the part before it. The token count of the event is a different number.
  const partTokens = types.length === 1 ? null : types.map((_, index) => 10 * (index + 1));
  const body = JSON.stringify({ role: 'user', parts });
  const tokenEstimate = 1000 + seq;
  const tokensThrough = seq * 1000 + (seq * (seq + 1)) / 2;
  return { seq, version: seq, body, tokenEstimate, tokensThrough, partTokens, outline: '1', insertedAt };
}

/** The part of the events service that `LogTimeline` uses, in memory. */
function logOf(events: EventWithTotal[]): EventsService {
  const service: Pick<EventsService, 'firstSince' | 'newestFirst'> = {
    firstSince: (_, lastSeq, time) =>
      Promise.resolve(events.find(({ insertedAt }) => insertedAt >= time)?.seq ?? lastSeq + 1),
    async *newestFirst(_, ranges: readonly SeqRange[]) {
      for (const event of events.toReversed())
        if (ranges.some(({ fromSeq, toSeq }) => fromSeq <= event.seq && event.seq <= toSeq))
          yield await Promise.resolve(event);
    },
  };
  return service as EventsService;
}

function timelineOf(
  events: EventWithTotal[],
  covered: readonly SeqRange[] = [],
  maxScannedBytes = Infinity,
): LogTimeline {
  const compactions = covered.map((range) => ({ ...range, tokensBefore: 0, tokensThrough: 0 }));
  const ranges = new LiveRanges(events.length, 0, compactions);
  return new LogTimeline(logOf(events), COUNTS, ID, ranges, maxScannedBytes);
}

async function newestFirst(timeline: Timeline): Promise<LiveEvent[]> {
  const events: LiveEvent[] = [];
  for await (const event of timeline.newestFirst()) events.push(event);
  return events;
}

async function only(...types: string[]): Promise<StoredLiveEvent> {
  for await (const event of timelineOf([stored(1, types, new Date(START))]).newestFirst()) return event;
  throw new Error('no event');
}

describe('LogTimeline', () => {
  it('behaves like the InMemoryTimeline that policies are tested with', async () => {
    const log = fc.array(
      fc.record({
        covered: fc.boolean(),
        afterMs: fc.nat(3),
        types: fc.array(fc.string(), { minLength: 1 }),
      }),
      { maxLength: 30 },
    );
    await fc.assert(
      fc.asyncProperty(log, async (each) => {
        let at = START;
        const events = each.map(({ types, afterMs }, index) =>
          stored(index + 1, types, new Date((at += afterMs))),
        );
        const covered = each.flatMap((event, index) =>
          event.covered ? [{ fromSeq: index + 1, toSeq: index + 1 }] : [],
        );
        const live = events.filter((_, index) => !each[index]?.covered);
        const inMemory = new InMemoryTimeline(
          live.map(({ seq, body, insertedAt }) => ({ seq, insertedAt, ...JSON.parse(body) })),
          events.length,
        );
        const timeline = timelineOf(events, covered);

        expect([timeline.lastSeq, timeline.liveCount]).toEqual([inMemory.lastSeq, inMemory.liveCount]);
        for (let position = 1; position <= live.length + 1; position += 1)
          expect(timeline.seqAt(position)).toBe(inMemory.seqAt(position));
        for (let time = START - 1; time <= at + 1; time += 1)
          expect(await timeline.firstSince(new Date(time))).toBe(await inMemory.firstSince(new Date(time)));
        const outline = (read: LiveEvent[]) =>
          read.map(({ seq, position, role, parts, insertedAt }) => ({
            seq,
            position,
            role,
            parts,
            insertedAt,
          }));
        expect(outline(await newestFirst(timeline))).toEqual(outline(await newestFirst(inMemory)));
      }),
      { numRuns: 200 },
    );
  });
});

describe('LogTimeline.newestFirst', () => {
  const texts = (count: number) =>
    Array.from({ length: count }, (_, index) => stored(index + 1, ['text'], new Date(START)));
  const scanned = async (timeline: Timeline) => {
    const read = await newestFirst(timeline);
    return [read.length, read.at(-1)?.seq, read.at(-1)?.position];
  };

  it.each([
    [4096, [4096, 1, 1]],
    [4097, [3585, 513, 513]],
    [4608, [4096, 513, 513]],
    [4609, [3585, 1025, 1025]],
    [10_000, [3856, 6145, 6145]],
  ])(
    'yields at most 4096 of %d live events, from a position that is 1 + a multiple of 512',
    async (count, expected) => {
      expect(await scanned(timelineOf(texts(count)))).toEqual(expected);
    },
  );

  it('counts live events and ignores compacted events', async () => {
    const covered = [
      { fromSeq: 101, toSeq: 1100 },
      { fromSeq: 2001, toSeq: 2900 },
    ];
    // 4,100 live events: the first 512 are seqs 1 to 100 and 1,101 to 1,512.
    expect(await scanned(timelineOf(texts(6000), covered))).toEqual([3588, 1513, 513]);
  });

  it('ends before the event that would exceed the byte limit, but yields at least one', async () => {
    const bytes = Buffer.byteLength(texts(1)[0]!.body);
    expect(await scanned(timelineOf(texts(10), [], 3 * bytes))).toEqual([3, 8, 8]);
    expect(await scanned(timelineOf(texts(10), [], 3 * bytes - 1))).toEqual([2, 9, 9]);
    expect(await scanned(timelineOf(texts(10), [], 1))).toEqual([1, 10, 10]);
  });
});

/** The types of the parts of the message that an event becomes. */
const partTypes = (event: StoredLiveEvent | undefined) => event?.toMessage().parts.map(({ type }) => type);

describe('StoredLiveEvent.withReplacedOutputs', () => {
  it('counts the text in the place of each output', async () => {
    const event = await only('text', 'tool_result', 'tool-result');
    const replaced = await event.withReplacedOutputs('12345');
    expect(replaced.tokens).toBe(4 + 10 + 5 + 5);
    expect((await event.withReplacedOutputs('12345', 1)).tokens).toBe(4 + 10 + 5 + 30);
    expect(JSON.parse(replaced.toMessage().json)).toMatchObject({
      parts: [
        { type: 'text' },
        { type: 'tool_result', content: '12345' },
        { type: 'tool-result', output: { type: 'text', value: '12345' } },
      ],
    });
    expect(await (await only('text')).withReplacedOutputs('12345')).toMatchObject({ tokens: 1001 });
  });
});

describe('StoredLiveEvent.withParts', () => {
  it('returns the event itself if all parts are kept', async () => {
    const event = await only('a', 'b');
    expect(event.withParts(() => true)).toBe(event);
    expect(event.tokens).toBe(1001);
  });

  it('returns undefined if no part is kept', async () => {
    expect((await only('a', 'b')).withParts(() => false)).toBeUndefined();
    expect((await only('a')).withParts(() => false)).toBeUndefined();
  });

  it('counts the tokens of the role and the kept parts, and ignores the token count of the event', async () => {
    const reduced = (await only('a', 'b', 'c')).withParts(({ type }) => type !== 'b');
    expect(reduced?.parts).toEqual([{ type: 'a' }, { type: 'c' }]);
    expect(reduced?.tokens).toBe(4 + 10 + 30);
    expect(partTypes(reduced)).toEqual(['a', 'c']);
  });

  it('can be applied repeatedly', async () => {
    const reduced = (await only('a', 'b', 'c', 'd'))
      .withParts(({ type }) => type !== 'a')
      ?.withParts(({ type }) => type !== 'c');
    expect(reduced?.parts).toEqual([{ type: 'b' }, { type: 'd' }]);
    expect(reduced?.tokens).toBe(4 + 20 + 40);
    expect(partTypes(reduced)).toEqual(['b', 'd']);
    expect(reduced?.withParts(({ type }) => type === 'a')).toBeUndefined();
  });

  it('calls keep once per part and in order', async () => {
    let calls = 0;
    const reduced = (await only('a', 'b', 'c')).withParts(() => (calls += 1) !== 2);
    expect(calls).toBe(3);
    expect(partTypes(reduced)).toEqual(['a', 'c']);
  });
});
