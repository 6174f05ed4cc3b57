import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ConversationId } from '../../common/conversation-id.js';
import type { CompactedRange } from '../../compaction/compaction.js';
import type { CompactionService } from '../../compaction/compaction.service.js';
import type { EventsService } from '../../events/events.service.js';
import type { StoredEvent } from '../../events/stored-event.js';
import { ChangeReader, type Change, type LogPosition } from './change-reader.js';

const ID = new ConversationId('default', 'c');

/** A conversation in memory that records its reads. */
class MemoryLog {
  readonly reader: ChangeReader;
  reads: string[] = [];
  private readonly events: StoredEvent[] = [];
  private readonly compactions: (CompactedRange & { lastSeq: number })[] = [];

  /** @param kinds the kind of each change, by version @param pageEvents maximum number of events in a page */
  constructor(
    readonly kinds: readonly ('event' | 'compaction')[],
    pageEvents = Infinity,
  ) {
    for (const [index, kind] of kinds.entries()) {
      const version = index + 1;
      const lastSeq = this.events.length;
      if (kind === 'compaction') this.compactions.push({ version, fromSeq: 1, toSeq: lastSeq, lastSeq });
      else this.events.push({ seq: lastSeq + 1, version, ...BODY });
    }
    const events = {
      after: (_id: unknown, _history: string, seq: number, count: number) => {
        this.reads.push(`${count} events`);
        expect(seq + count).toBeLessThanOrEqual(this.events.length); // only events that exist are read
        return Promise.resolve(this.events.slice(seq, seq + Math.min(count, pageEvents)));
      },
    };
    const compactions = {
      after: (_id: unknown, version: number, limit: number) => {
        this.reads.push(`${limit} compactions`);
        return Promise.resolve(this.compactions.filter((each) => each.version > version).slice(0, limit));
      },
      lastSeqAt: (_id: unknown, version: number) => {
        const last = this.compactions.findLast((each) => each.version <= version);
        return Promise.resolve(last ? last.lastSeq + version - last.version : version);
      },
    };
    this.reader = new ChangeReader(
      events as unknown as EventsService,
      compactions as unknown as CompactionService,
    );
  }

  /** Removes an event, as a failover can do. */
  lose(seq: number): void {
    this.events.splice(seq - 1, 1);
  }

  positionAt(version: number): LogPosition {
    return { version, lastSeq: this.kinds.slice(0, version).filter((kind) => kind === 'event').length };
  }
}

const BODY = {
  body: '{"role":"user","parts":[]}',
  tokenEstimate: 3,
  partTokens: null,
  outline: '1',
  insertedAt: new Date(0),
};

const anyKinds = fc.array(fc.constantFrom('event', 'event', 'compaction'), { maxLength: 60 });

describe('ChangeReader', () => {
  it('returns every change up to a position once, in order, with the position of the change', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyKinds,
        fc.array(fc.nat(60), { maxLength: 10 }),
        fc.integer({ min: 1, max: 20 }),
        fc.nat(60),
        async (kinds, targets, pageEvents, cursor) => {
          const log = new MemoryLog(kinds, pageEvents);
          const start = Math.min(cursor, kinds.length);
          let at = await log.reader.positionAt(ID, start);
          expect(at).toEqual(log.positionAt(start));
          const changes: Change[] = [];
          for (const target of [...targets.sort((a, b) => a - b), kinds.length]) {
            const to = log.positionAt(Math.min(target, kinds.length));
            while (at.version < to.version) {
              const page = await log.reader.between(ID, 'h', at, to);
              expect(page.length).toBeGreaterThan(0);
              changes.push(...page);
              at = page.at(-1)!.position;
            }
            expect(at.version).toBe(Math.max(start, to.version));
          }
          expect(
            changes.map(({ frame: { type, version }, position }) => ({ type, version, position })),
          ).toEqual(
            kinds.slice(start).map((type, index) => {
              const version = start + index + 1;
              return { type, version, position: log.positionAt(version) };
            }),
          );
        },
      ),
    );
  });

  it('queries events and compactions only if the two positions show that there are any', async () => {
    const log = new MemoryLog(['event', 'event', 'compaction', 'event']);
    await log.reader.between(ID, 'h', log.positionAt(0), log.positionAt(2));
    await log.reader.between(ID, 'h', log.positionAt(2), log.positionAt(3));
    await log.reader.between(ID, 'h', log.positionAt(1), log.positionAt(4));
    expect(log.reads).toEqual(['2 events', '1 compactions', '2 events', '1 compactions']);
  });

  it('throws instead of skipping a missing change', async () => {
    const log = new MemoryLog(['event', 'event', 'event', 'event']);
    log.lose(3);
    const first = await log.reader.between(ID, 'h', log.positionAt(0), log.positionAt(3));
    expect(first.map(({ frame }) => frame.version)).toEqual([1, 2]);
    await expect(log.reader.between(ID, 'h', log.positionAt(2), log.positionAt(3))).rejects.toThrow(
      'version 3 is neither',
    );
  });

  it('returns the frame of each change', async () => {
    const log = new MemoryLog(['event', 'compaction']);
    const page = await log.reader.between(ID, 'h', log.positionAt(0), log.positionAt(2));
    expect(page.map(({ frame }) => JSON.parse(frame.bytes.toString()))).toEqual([
      {
        type: 'event',
        version: 1,
        seq: 1,
        event: { role: 'user', parts: [], token_estimate: 3, inserted_at: '1970-01-01T00:00:00.000Z' },
      },
      { type: 'compaction', version: 2, range: { from_seq: 1, to_seq: 1 } },
    ]);
  });
});
