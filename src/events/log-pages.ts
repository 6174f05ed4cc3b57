import { Injectable } from '@nestjs/common';
import type { ConversationId } from '../common/conversation-id.js';
import { MAX_LONG_POLL_MS } from '../common/http/open-connections.js';
import { ConversationsService } from '../conversations/conversations.service.js';
import { EventLogRepository } from './event-log.repository.js';
import { LongPoll } from './long-poll.js';
import { pageRange, type PageRange, type PageRequest } from './page-range.js';
import { RecentEventsCache } from './recent-events-cache.js';
import { MAX_READ_BYTES, type LoggedEvent } from './stored-event.js';
import { WithdrawnEvents } from './withdrawn-events.js';
import { countOf, markWithdrawn, pageRangeWith, searchedRange } from './withdrawn-pages.js';

/** A page of the log. */
export interface EventPage {
  /** Ascending. */
  events: LoggedEvent[];
  /**
   * The seq of the last event; of an empty page, the seq before its range. If withdrawn events are left out at the end of the range, the
   * seq of the last one.
   */
  nextCursor: number;
}

/** Reads pages of the log, ascending: a range of seqs, or the events after a cursor. */
@Injectable()
export class LogPages {
  constructor(
    private readonly log: EventLogRepository,
    private readonly recentEvents: RecentEventsCache,
    private readonly withdrawnEvents: WithdrawnEvents,
    private readonly conversations: ConversationsService,
    private readonly longPoll: LongPoll,
  ) {}

  /**
   * The seqs of a page as the log is now. With `waitMs`, waits for an event after the cursor.
   *
   * @throws ConversationNotFoundError (404)
   * @throws UnavailableError (503) too many readers wait already
   */
  async range(id: ConversationId, request: PageRequest): Promise<PageRange> {
    const range = await this.currentRange(id, request);
    const isEmpty = range.toSeq < range.fromSeq;
    if (!isEmpty || !('cursor' in request) || !request.waitMs) return range;
    await this.longPoll.waitForEvents(id, request.cursor, Math.min(request.waitMs, MAX_LONG_POLL_MS));
    return this.currentRange(id, request);
  }

  /** Reads a page; it also ends at about 8 MiB, after at least one event. */
  async read(id: ConversationId, { fromSeq, toSeq, history, withdrawn }: PageRange): Promise<EventPage> {
    if (withdrawn?.kept) {
      const events = await this.log.forwardRanges(id, withdrawn.kept, MAX_READ_BYTES);
      const isCut = events.length < countOf(withdrawn.kept);
      return { events, nextCursor: (isCut ? events.at(-1)?.seq : undefined) ?? toSeq };
    }
    const range = { fromSeq, toSeq };
    const events = fromSeq <= toSeq ? await this.recentEvents.range(id, history, range, MAX_READ_BYTES) : [];
    return {
      events: withdrawn ? markWithdrawn(events, withdrawn.ranges) : events,
      nextCursor: events.at(-1)?.seq ?? fromSeq - 1,
    };
  }

  private async currentRange(id: ConversationId, request: PageRequest): Promise<PageRange> {
    const record = await this.conversations.get(id);
    if (record.withdrawnVersion === null) return pageRange(request, record);
    const ranges = await this.withdrawnEvents.ranges(id, record, searchedRange(request, record));
    return pageRangeWith(request, record, ranges);
  }
}
