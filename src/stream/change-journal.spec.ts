import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ConversationId } from '../common/conversation-id.js';
import type { CompactedRange } from '../compaction/compaction.js';
import type { CompactionService } from '../compaction/compaction.service.js';
import type { EventsService } from '../events/events.service.js';
import type { StoredEvent } from '../events/stored-event.js';
import { ChangeJournal, type Change, type JournalPosition } from './change-journal.js';

const ID = new ConversationId('default', 'c');

/** A conversation in memory whose two tables are each seen only up to some version, as by statements that race. */
class RacingLog {
  readonly journal: ChangeJournal;
  /** The version that a read of events, or of compactions, gets to see. */
  seen = { events: 0, compactions: 0 };
  private readonly events: StoredEvent[] = [];
  private readonly compactions: (CompactedRange & { lastSeq: number })[] = [];

  /** @param kinds the changes by version @param pageEvents most events of a page, whatever is asked for */
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
      after: (_id: unknown, seq: number, limit: number) =>
        Promise.resolve(
          this.events
            .slice(seq, seq + Math.min(limit, pageEvents))
            .filter(({ version }) => version <= this.seen.events),
        ),
    };
    const compactions = {
      after: (_id: unknown, version: number, limit: number) =>
        Promise.resolve(
          this.compactions
            .filter((each) => each.version > version && each.version <= this.seen.compactions)
            .slice(0, limit),
        ),
      lastSeqAt: (_id: unknown, version: number) => {
        const last = this.compactions.findLast((each) => each.version <= version);
        return Promise.resolve(last ? last.lastSeq + version - last.version : version);
      },
    };
    this.journal = new ChangeJournal(
      events as unknown as EventsService,
      compactions as unknown as CompactionService,
    );
  }

  /** Where the log is at a version. */
  positionAt(version: number): JournalPosition {
    return { version, lastSeq: this.kinds.slice(0, version).filter((kind) => kind === 'event').length };
  }
}

const BODY = {
  body: '{"role":"user","parts":[]}',
  tokenEstimate: 3,
  partTokens: null,
  insertedAt: new Date(0),
};

const anyKinds = fc.array(fc.constantFrom('event', 'event', 'compaction'), { maxLength: 60 });

describe('the change journal', () => {
  it('gives every change once, in order, with its place, however its two reads race with the writer', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyKinds,
        fc.array(fc.record({ events: fc.nat(60), compactions: fc.nat(60) }), { maxLength: 10 }),
        fc.integer({ min: 1, max: 20 }),
        fc.nat(60),
        async (kinds, looks, pageEvents, cursor) => {
          const log = new RacingLog(kinds, pageEvents);
          const start = Math.min(cursor, kinds.length);
          let at = await log.journal.position(ID, start);
          expect(at).toEqual(log.positionAt(start));
          const changes: Change[] = [];
          const read = async () => {
            const page = await log.journal.after(ID, at);
            changes.push(...page);
            at = page.at(-1)?.position ?? at;
            return page.length;
          };
          for (const { events, compactions } of looks) {
            log.seen = {
              events: Math.max(events, log.seen.events),
              compactions: Math.max(compactions, log.seen.compactions),
            };
            await read();
          }
          log.seen = { events: kinds.length, compactions: kinds.length };
          while (await read());
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

  it('stops before a change that only one of the reads has missed', async () => {
    const log = new RacingLog(['event', 'compaction', 'event']);
    log.seen = { events: 3, compactions: 1 };
    const page = await log.journal.after(ID, { version: 0, lastSeq: 0 });
    expect(page.map(({ frame }) => frame.version)).toEqual([1]);
  });

  it('says what the frames say', async () => {
    const log = new RacingLog(['event', 'compaction']);
    log.seen = { events: 2, compactions: 2 };
    const page = await log.journal.after(ID, { version: 0, lastSeq: 0 });
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
