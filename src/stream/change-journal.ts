import { Injectable } from '@nestjs/common';
import type { ConversationId } from '../common/conversation-id.js';
import { CompactionService } from '../compaction/compaction.service.js';
import { EventsService } from '../events/events.service.js';
import { eventFrame, frame, type Frame } from './frames.js';

/** A place in the journal: a version, and the seq the log had reached by then. */
export interface JournalPosition {
  version: number;
  lastSeq: number;
}

/** One change: the frame that tells of it, and the place after it. */
export interface Change {
  frame: Frame;
  position: JournalPosition;
  /** When it was made. With the version it tells the change from that of another history. */
  madeAt: Date;
}

/** The log does not have a change that it had. */
export class LostChangeError extends Error {
  constructor(version: number) {
    super(`version ${version} is neither an event nor a compaction`);
  }
}

/** Most changes read at a time; their bodies are bounded by the log's own page size. */
const PAGE_CHANGES = 200;

/** All changes of a conversation by version: each version is one event or one compaction. */
@Injectable()
export class ChangeJournal {
  constructor(
    private readonly events: EventsService,
    private readonly compactions: CompactionService,
  ) {}

  /** The place of a version: what the compaction before it noted, and one event for each version since. */
  async position(id: ConversationId, version: number): Promise<JournalPosition> {
    return { version, lastSeq: await this.compactions.lastSeqAt(id, version) };
  }

  /**
   * The changes after `from`, through `to` or as many as fit a page: one at least.
   *
   * @param history of the database, as the record says that both places are from
   * @param to a later place, one that the conversation's record has been read at: all before it is there
   */
  async after(
    id: ConversationId,
    history: string,
    from: JournalPosition,
    to: JournalPosition,
  ): Promise<Change[]> {
    const eventCount = to.lastSeq - from.lastSeq;
    const compactionCount = to.version - from.version - eventCount;
    const [events, compactions] = await Promise.all([
      eventCount ? this.events.after(id, history, from.lastSeq, Math.min(eventCount, PAGE_CHANGES)) : [],
      compactionCount
        ? this.compactions.after(id, from.version, Math.min(compactionCount, PAGE_CHANGES))
        : [],
    ]);
    const changes: Change[] = [];
    let { version, lastSeq } = from;
    while (version < to.version) {
      const event = events[lastSeq - from.lastSeq];
      const compaction = compactions[version - from.version - (lastSeq - from.lastSeq)];
      version += 1;
      if (event?.version === version) {
        lastSeq = event.seq;
        changes.push({
          frame: eventFrame(event),
          position: { version, lastSeq },
          madeAt: event.insertedAt,
        });
      } else if (compaction?.version === version) {
        const range = { from_seq: compaction.fromSeq, to_seq: compaction.toSeq };
        changes.push({
          frame: frame('compaction', { version, range }),
          position: { version, lastSeq },
          madeAt: compaction.insertedAt,
        });
      } else break;
    }
    // The log has lost a change, as when a standby without it took over. Nobody is told the rest as if there were no hole.
    if (changes.length === 0) throw new LostChangeError(version);
    return changes;
  }
}
