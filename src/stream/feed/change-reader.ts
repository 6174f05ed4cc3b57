import { Injectable } from '@nestjs/common';
import type { ConversationId } from '../../common/conversation-id.js';
import { CompactionService } from '../../compaction/compaction.service.js';
import { EventsService } from '../../events/events.service.js';
import { compactionFrame, eventFrame, type Frame } from '../frames.js';

/** A version of a conversation, and the seq that its log had reached at that version. */
export interface LogPosition {
  version: number;
  lastSeq: number;
}

export function laterOf(a: LogPosition, b: LogPosition): LogPosition {
  return a.version > b.version ? a : b;
}

/** One change: its frame, and the position after it. */
export interface Change {
  frame: Frame;
  position: LogPosition;
  /** When the change was made. A version can occur in several histories of the database; its time tells them apart. */
  madeAt: Date;
}

/** The database no longer has a change that the conversation's counters include. */
export class MissingChangeError extends Error {
  constructor(version: number) {
    super(`version ${version} is neither an event nor a compaction`);
  }
}

/** Most changes read at once. How many bytes they may have is bounded by `EventsService.after`. */
const PAGE_CHANGES = 200;

/** Reads the changes of a conversation in version order: each version is one event or one compaction. */
@Injectable()
export class ChangeReader {
  constructor(
    private readonly events: EventsService,
    private readonly compactions: CompactionService,
  ) {}

  /** The position at `version`. */
  async positionAt(id: ConversationId, version: number): Promise<LogPosition> {
    return { version, lastSeq: await this.compactions.lastSeqAt(id, version) };
  }

  /**
   * The changes after `from` through `to`, or the first page of them; at least one, and none left out.
   *
   * @param history the history of the database that both positions belong to
   * @param to a position that the conversation's record has already reached, later than `from`
   * @throws MissingChangeError the change after `from` is not there
   */
  async between(id: ConversationId, history: string, from: LogPosition, to: LogPosition): Promise<Change[]> {
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
        changes.push({
          frame: compactionFrame(compaction),
          position: { version, lastSeq },
          madeAt: compaction.insertedAt,
        });
      } else break; // the end of the page, or a missing change
    }
    // A change is missing, for example because a standby without it took over. Later changes must not hide that.
    if (changes.length === 0) throw new MissingChangeError(version);
    return changes;
  }
}
