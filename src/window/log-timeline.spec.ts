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

function stored(seq: number, types: string[], insertedAt: Date, fields: object = {}): EventWithTotal {
  const parts = types.map((type) => ({ type }));
  // The message costs four tokens, each part ten tokens more than the part before it.
  const counts = types.map((_, index) => 10 * (index + 1));
  const tokenEstimate = counts.reduce((sum, count) => sum + count, 4);
  const partTokens = types.length === 1 ? null : counts;
  const body = JSON.stringify({ role: 'user', ...fields, parts });
  const tokensThrough = seq * tokenEstimate;
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

const only = (...types: string[]) => onlyOf(stored(1, types, new Date(START)));

async function onlyOf(stored: EventWithTotal): Promise<StoredLiveEvent> {
  for await (const event of timelineOf([stored]).newestFirst()) return event;
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
    expect(await (await only('text')).withReplacedOutputs('12345')).toMatchObject({ tokens: 14 });
  });

  it("shrinks the caller's count in proportion, also of an event with one part", async () => {
    const callers = (event: EventWithTotal, partTokens: number[]) =>
      onlyOf({ ...event, partTokens, tokenEstimate: 700 });
    const counted = { token_count: 700 };
    const two = stored(1, ['text', 'tool_result'], new Date(START), counted);
    const ofTwo = await callers(two, [10, 20]);
    expect((await ofTwo.withReplacedOutputs('12345')).tokens).toBe(
      Math.round((700 * (4 + 10 + 5)) / (4 + 30)),
    );
    const one = stored(1, ['tool_result'], new Date(START), counted);
    const ofOne = await callers(one, [20]);
    expect((await ofOne.withReplacedOutputs('12345')).tokens).toBe(Math.round((700 * (4 + 5)) / (4 + 20)));
  });

  it('counts name and arguments of a call that stands in the same part as the text', async () => {
    const part = {
      type: 'tool-add',
      toolCallId: '1',
      state: 'output-available',
      input: { n: 1 },
      output: 'long text',
    };
    const event = { ...stored(1, ['x'], new Date(START)), outline: null };
    const ui = await onlyOf({ ...event, body: JSON.stringify({ role: 'assistant', parts: [part] }) });
    expect((await ui.withReplacedOutputs('12345')).tokens).toBe('add{"n":1}12345'.length);
  });
});

describe('StoredLiveEvent.withParts', () => {
  it('returns the event itself if all parts are kept', async () => {
    const event = await only('a', 'b');
    expect(event.withParts(() => true)).toBe(event);
    expect(event.tokens).toBe(4 + 10 + 20);
  });

  it('returns undefined if no part is kept', async () => {
    expect((await only('a', 'b')).withParts(() => false)).toBeUndefined();
    expect((await only('a')).withParts(() => false)).toBeUndefined();
  });

  it('loses the tokens of the parts that are removed', async () => {
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

  it('keeps the tokens of the fields beside the parts until they are removed', async () => {
    const fields = { role: 'assistant', reasoning_content: 'thought', refusal: 'no' };
    const event = stored(1, ['text', 'tool_call'], new Date(START), fields);
    const whole = await onlyOf({ ...event, tokenEstimate: 10 + 20 + 26 });
    expect(whole.withParts(({ type }) => type === 'text')?.tokens).toBe(10 + 26);
    // The texts of the two fields are 9 and 4 characters of JSON.
    expect(whole.withoutKinds(['reasoning'])?.tokens).toBe(10 + 20 + 8);
  });

  it("shrinks the caller's count in proportion to what is left", async () => {
    const event = stored(1, ['a', 'b', 'c'], new Date(START), { token_count: 6400 });
    const whole = await onlyOf({ ...event, tokenEstimate: 6400 });
    expect(whole.withParts(({ type }) => type !== 'b')?.tokens).toBe((6400 * 44) / 64);
  });

  it('calls keep once per part and in order', async () => {
    let calls = 0;
    const reduced = (await only('a', 'b', 'c')).withParts(() => (calls += 1) !== 2);
    expect(calls).toBe(3);
    expect(partTypes(reduced)).toEqual(['a', 'c']);
  });
});
