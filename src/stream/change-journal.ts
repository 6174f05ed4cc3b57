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

  /** The changes after `from` without a hole, as many as fit a page; none if it is the newest. */
  async after(id: ConversationId, from: JournalPosition): Promise<Change[]> {
    // Two statements, so one may see more than the other; what makes a hole is left for the next call.
    const [events, compactions] = await Promise.all([
      this.events.after(id, from.lastSeq, PAGE_CHANGES),
      this.compactions.after(id, from.version, PAGE_CHANGES),
    ]);
    const changes: Change[] = [];
    let { version, lastSeq } = from;
    for (;;) {
      const event = events[lastSeq - from.lastSeq];
      const compaction = compactions[version - from.version - (lastSeq - from.lastSeq)];
      version += 1;
      if (event?.version === version) {
        lastSeq = event.seq;
        changes.push({ frame: eventFrame(event), position: { version, lastSeq } });
      } else if (compaction?.version === version) {
        const range = { from_seq: compaction.fromSeq, to_seq: compaction.toSeq };
        changes.push({ frame: frame('compaction', { version, range }), position: { version, lastSeq } });
      } else return changes;
    }
  }
}
