import { Injectable } from '@nestjs/common';
import { BoundedCache } from '../common/bounded-cache.js';
import type { ConversationId } from '../common/conversation-id.js';
import { AppConfig } from '../config/app-config.js';
import { EventLogRepository, type LogSuffix } from './event-log.repository.js';
import type { SuffixRange, EventWithTotal, SeqRange, StoredEvent } from './stored-event.js';

/** Most events, and bytes of bodies, that are added to cached events; beyond that a new read is as fast. */
const MAX_ADDED_EVENTS = 256;
const MAX_ADDED_BYTES = 1024 * 1024;
/** About what an event takes in memory beside its body, in bytes. */
export const EVENT_OVERHEAD_BYTES = 400;

/** The newest events of a conversation up to some seq, without a gap; ascending, at least one. */
type RecentEvents = readonly EventWithTotal[];

/**
 * The newest events of conversations that were read lately: a window after an append reads only what was appended.
 * Events never change, so cached events are right on every node. Which events a reader needs follows from the
 * conversation's record, which the reader has just read.
 */
@Injectable()
export class RecentEventsCache {
  private readonly cache: BoundedCache<RecentEvents>;

  constructor(
    private readonly log: EventLogRepository,
    { recentEventsCacheBytes }: AppConfig,
  ) {
    this.cache = new BoundedCache(recentEventsCacheBytes);
  }

  /** As `EventLogRepository.suffix`. @param history of the database, from the conversation's record */
  async suffix(
    id: ConversationId,
    history: string,
    ranges: readonly SuffixRange[],
    maxBytes: number,
  ): Promise<LogSuffix> {
    const [range] = ranges;
    if (!range || ranges.length > 1) return this.log.suffix(id, ranges, maxBytes);
    const key = cacheKey(id, history);
    const recent = await this.find(id, key, range);
    if (recent && maxBodyBytes(recent) <= maxBytes) return this.suffixOf(recent, id, key, range);
    const read = await this.log.suffix(id, ranges, maxBytes);
    this.store(key, read.events);
    return read;
  }

  /** The events of a range that exists, oldest first; as many as fit `maxBytes` of bodies, at least one. */
  async range(
    id: ConversationId,
    history: string,
    range: SeqRange,
    maxBytes: number,
  ): Promise<StoredEvent[]> {
    const key = cacheKey(id, history);
    const recent = await this.find(id, key, { ...range, minTokensBefore: -1 });
    const events = recent?.filter(({ seq }) => seq >= range.fromSeq && seq <= range.toSeq) ?? [];
    if (!recent || maxBodyBytes(events) > maxBytes)
      return this.log.forward(id, range, range.toSeq - range.fromSeq + 1, maxBytes);
    this.store(key, recent);
    return events;
  }

  /** The newest `count` events of `ranges` (ascending), ascending; undefined unless all of them are cached. */
  newest(
    id: ConversationId,
    history: string,
    ranges: readonly SeqRange[],
    count: number,
  ): RecentEvents | undefined {
    const recent = this.cache.get(cacheKey(id, history));
    const [first, last] = [recent?.[0], recent?.at(-1)];
    if (!recent || !first || !last || last.seq < (ranges.at(-1)?.toSeq ?? 0)) return undefined;
    const events: EventWithTotal[] = [];
    for (let index = recent.length - 1; index >= 0 && events.length < count; index -= 1) {
      const event = recent[index];
      if (event && ranges.some(({ fromSeq, toSeq }) => event.seq >= fromSeq && event.seq <= toSeq))
        events.push(event);
    }
    const isComplete = events.length === count || first.seq <= (ranges[0]?.fromSeq ?? 0);
    return isComplete ? events.reverse() : undefined;
  }

  /** Cached events that cover the range, after adding the few newest events that may be missing. */
  private async find(id: ConversationId, key: string, range: SuffixRange): Promise<RecentEvents | undefined> {
    const recent = this.cache.get(key);
    const [first, last] = [recent?.[0], recent?.at(-1)];
    if (!recent || !first || !last) return undefined;
    // Older events are needed only if the running total before the first cached event still reaches `minTokensBefore`.
    if (first.seq > range.fromSeq && tokensBefore(first) >= range.minTokensBefore) return undefined;
    const missing = range.toSeq - last.seq;
    if (missing <= 0) return recent;
    if (missing > MAX_ADDED_EVENTS) return undefined;
    const missingRange = { fromSeq: last.seq + 1, toSeq: range.toSeq };
    const added = await this.log.forward(id, missingRange, missing, MAX_ADDED_BYTES);
    return added.length === missing ? [...recent, ...added] : undefined;
  }

  /** The suffix of a range that the cached events cover. */
  private async suffixOf(
    recent: RecentEvents,
    id: ConversationId,
    key: string,
    { fromSeq, toSeq, minTokensBefore }: SuffixRange,
  ): Promise<LogSuffix> {
    const events = recent.filter(
      (event) => event.seq >= fromSeq && event.seq <= toSeq && tokensBefore(event) >= minTokensBefore,
    );
    const first = recent.find(({ seq }) => seq === fromSeq);
    const totalBefore = first ? tokensBefore(first) : await this.log.tokensThrough(id, fromSeq - 1);
    // Old events that readers no longer need are dropped once they are the larger part.
    const isMostlyUnused = recent.length > 2 * events.length + MAX_ADDED_EVENTS;
    this.store(key, isMostlyUnused ? events : recent);
    return { events, tokensBefore: totalBefore };
  }

  /** Does nothing if newer events are cached: a reader of a past version must not displace what other readers use. */
  private store(key: string, events: RecentEvents): void {
    const last = events.at(-1);
    const cachedLast = this.cache.get(key)?.at(-1);
    if (!last || (cachedLast && cachedLast.seq > last.seq)) return;
    const bytes = events.reduce((sum, { body }) => sum + 2 * body.length + EVENT_OVERHEAD_BYTES, 0);
    this.cache.set(key, events, bytes);
  }
}

/** Events never change within a history of the database. */
function cacheKey(id: ConversationId, history: string): string {
  return `${history} ${id.key}`;
}

/** Upper bound of the size of the bodies in UTF-8. */
function maxBodyBytes(events: RecentEvents): number {
  return events.reduce((sum, { body }) => sum + 3 * body.length, 0);
}

/** The running token total before an event. */
function tokensBefore({ tokensThrough, tokenEstimate }: EventWithTotal): number {
  return tokensThrough - tokenEstimate;
}
