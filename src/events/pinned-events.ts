import { Injectable } from '@nestjs/common';
import type { ConversationId } from '../common/conversation-id.js';
import { jsonValue } from '../common/json/json-value.js';
import { AppConfig } from '../config/app-config.js';
import { ConversationCaches, type ConversationCache } from '../conversations/conversation-caches.js';
import type { ConversationRecord } from '../conversations/conversation.js';
import { EventLogRepository } from './event-log.repository.js';
import { isHeadRole, MAX_HEAD_LENGTH } from './pins.js';
import { EVENT_OVERHEAD_BYTES } from './recent-events-cache.js';
import { MAX_READ_BYTES, type PinnedEvent } from './stored-event.js';

/** The events of a conversation that stay in every window. */
export interface PinnedEvents {
  /** Ascending. */
  events: readonly PinnedEvent[];
  /** The first so many events of the log are its head: they are pinned because of their role and their place. */
  headLength: number;
  /** Not all of them fit the limit of bytes: these are the oldest. */
  cutByBytes: boolean;
}

/** The fields of a conversation that say which events are pinned. */
type PinnedRecord = Pick<ConversationRecord, 'lastSeq' | 'headLength' | 'pinnedCount' | 'history'>;

/** All pinned events of a conversation whose log has reached `lastSeq`. */
interface CachedPins {
  events: readonly PinnedEvent[];
  headLength: number;
  pinnedCount: number;
  lastSeq: number;
}

const NO_PINS: PinnedEvents = { events: [], headLength: 0, cutByBytes: false };

/** How many events, and bytes of bodies, are read at a time to find the head of a log. */
const HEAD_READ_EVENTS = 16;
const HEAD_READ_BYTES = 1024 * 1024;

/**
 * Reads the pinned events of conversations, and caches them. Events never change, and are pinned when they are appended: the
 * record says how many there are, so a reader knows whether the cached ones are all.
 */
@Injectable()
export class PinnedEventsReader {
  private readonly cache: ConversationCache<CachedPins>;

  constructor(
    private readonly log: EventLogRepository,
    caches: ConversationCaches,
    { pinnedEventsCacheBytes }: AppConfig,
  ) {
    this.cache = caches.create(pinnedEventsCacheBytes);
  }

  /** See `EventsService.pinned`. */
  async read(
    id: ConversationId,
    record: PinnedRecord,
    maxBytes: number,
    pinHead: boolean,
  ): Promise<PinnedEvents> {
    const variant = `${record.history} ${pinHead}`;
    const cached = this.cache.get(id, variant);
    const headLength = pinHead ? (record.headLength ?? (await this.headLength(id, record, cached))) : 0;
    if (headLength === 0 && record.pinnedCount === 0) {
      if (record.headLength === null) this.store(id, variant, { ...record, headLength, events: [] });
      return NO_PINS;
    }
    const isComplete = cached && cached.headLength >= headLength && cached.pinnedCount >= record.pinnedCount;
    const { events, cutByBytes } = isComplete
      ? { events: cached.events, cutByBytes: false }
      : await this.readAll(id, headLength, maxBytes);
    if (!isComplete && !cutByBytes)
      this.store(id, variant, {
        ...record,
        headLength,
        events,
        pinnedCount: events.filter(({ pinned }) => pinned).length,
      });
    const { lastSeq } = record;
    const wanted = events.filter(({ seq, pinned }) => seq <= lastSeq && (pinned || seq <= headLength));
    const fitting = oldestThatFit(wanted, maxBytes);
    return {
      events: fitting,
      headLength: Math.min(headLength, lastSeq),
      cutByBytes: cutByBytes || fitting.length < wanted.length,
    };
  }

  /** The head of a log that began with a version of the service that did not count it. */
  private async headLength(
    id: ConversationId,
    { lastSeq }: PinnedRecord,
    cached: CachedPins | undefined,
  ): Promise<number> {
    // Only the head of a log that has nothing else may become longer.
    if (cached && (cached.headLength < cached.lastSeq || lastSeq <= cached.lastSeq)) return cached.headLength;
    const maxLength = Math.min(lastSeq, MAX_HEAD_LENGTH);
    let length = 0;
    while (length < maxLength) {
      const range = { fromSeq: length + 1, toSeq: maxLength };
      const events = await this.log.forward(id, range, HEAD_READ_EVENTS, HEAD_READ_BYTES);
      const others = events.findIndex(({ body }) => !isHeadRole((jsonValue(body) as { role: string }).role));
      if (others !== -1) return length + others;
      if (events.length === 0) break;
      length += events.length;
    }
    return length;
  }

  private async readAll(id: ConversationId, headLength: number, maxBytes: number) {
    const events: PinnedEvent[] = [];
    let remainingBytes = maxBytes;
    for (;;) {
      const afterSeq = events.at(-1)?.seq ?? 0;
      const page = await this.log.pinned(id, headLength, afterSeq, Math.min(remainingBytes, MAX_READ_BYTES));
      for (const { remaining: _, ...event } of page) {
        remainingBytes -= Buffer.byteLength(event.body);
        if (remainingBytes < 0) return { events, cutByBytes: true };
        events.push(event);
      }
      if (page.length === (page[0]?.remaining ?? 0)) return { events, cutByBytes: false };
    }
  }

  private store(id: ConversationId, variant: string, pins: CachedPins): void {
    const { events, headLength, pinnedCount, lastSeq } = pins;
    const bytes = events.reduce(
      (sum, { body }) => sum + 2 * body.length + EVENT_OVERHEAD_BYTES,
      2 * (id.key.length + variant.length) + EVENT_OVERHEAD_BYTES,
    );
    this.cache.set(id, variant, { events, headLength, pinnedCount, lastSeq }, bytes);
  }
}

/** The oldest events that fit `maxBytes` of bodies. */
function oldestThatFit(events: readonly PinnedEvent[], maxBytes: number): readonly PinnedEvent[] {
  let remainingBytes = maxBytes;
  const tooLarge = events.findIndex(({ body }) => (remainingBytes -= Buffer.byteLength(body)) < 0);
  return tooLarge === -1 ? events : events.slice(0, tooLarge);
}
