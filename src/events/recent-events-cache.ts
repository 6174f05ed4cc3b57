import { Injectable } from '@nestjs/common';
import { ITEMS_PER_TURN } from '../common/in-turns.js';
import type { ConversationId } from '../common/conversation-id.js';
import { AppConfig } from '../config/app-config.js';
import { ConversationCaches, type ConversationCache } from '../conversations/conversation-caches.js';
import { copiedEvent } from './packed-events.js';
import { EventLogRepository, type LogSuffix } from './event-log.repository.js';
import type { SuffixRange, EventWithTotal, SeqRange, StoredEvent } from './stored-event.js';

/** Most events, and bytes of bodies, that are added to cached events; beyond that a new read is as fast. */
const MAX_ADDED_EVENTS = 256;
const MAX_ADDED_BYTES = 1024 * 1024;
/** About what an event takes in memory beside its body, in bytes. */
export const EVENT_OVERHEAD_BYTES = 400;

/** The newest events of a conversation up to some seq. */
class RecentEvents {
  /** Of the newest event; 0 if there is none. */
  readonly lastSeq: number;
  /** Approximate memory. */
  readonly bytes: number;

  /**
   * @param events ascending, without a gap
   * @param completeFrom every older event has a running total before it that is less than this
   * @param source makes the same events when they are first used. Most entries never are: as a few large values they cost the
   * garbage collector a fraction of what the objects cost
   */
  constructor(
    events: readonly EventWithTotal[],
    readonly completeFrom: number,
    private source: readonly EventWithTotal[] | (() => readonly EventWithTotal[]) = events,
  ) {
    this.lastSeq = events.at(-1)?.seq ?? 0;
    this.bytes = events.reduce((sum, { body }) => sum + 2 * body.length + EVENT_OVERHEAD_BYTES, 0);
  }

  get events(): readonly EventWithTotal[] {
    if (typeof this.source === 'function') this.source = this.source();
    return this.source;
  }
}

/**
 * The newest events of conversations that were read lately: a window after an append reads only what was appended.
 * Events never change, so cached events are right on every node. Which events a reader needs follows from the
 * conversation's record, which the reader has just read.
 */
@Injectable()
export class RecentEventsCache {
  /** By the history of the database: events never change within one. */
  private readonly cache: ConversationCache<RecentEvents>;

  constructor(
    private readonly log: EventLogRepository,
    caches: ConversationCaches,
    { recentEventsCacheBytes }: AppConfig,
  ) {
    this.cache = caches.create(recentEventsCacheBytes);
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
    const recent = await this.find(id, history, range);
    if (recent && maxBodyBytes(recent.events) <= maxBytes) return this.suffixOf(recent, id, history, range);
    const read = await this.log.suffix(id, ranges, maxBytes);
    const completeFrom = completeFromOf(read.events, range, read.skippedBytes === undefined);
    // Many events stay objects: to make them again would block the event loop.
    const unpack = read.events.length <= ITEMS_PER_TURN ? read.unpack : undefined;
    this.store(id, history, new RecentEvents(read.events, completeFrom, unpack));
    return read;
  }

  /** The events of a range that exists, oldest first; as many as fit `maxBytes` of bodies, at least one. */
  async range(
    id: ConversationId,
    history: string,
    range: SeqRange,
    maxBytes: number,
  ): Promise<StoredEvent[]> {
    const recent = await this.find(id, history, { ...range, minTokensBefore: -1 });
    const events = recent?.events.filter(({ seq }) => seq >= range.fromSeq && seq <= range.toSeq) ?? [];
    if (!recent || maxBodyBytes(events) > maxBytes)
      return this.log.forward(id, range, range.toSeq - range.fromSeq + 1, maxBytes);
    this.store(id, history, recent);
    return events;
  }

  /** The newest `count` events of `ranges` (ascending), ascending; undefined unless all of them are cached. */
  newest(
    id: ConversationId,
    history: string,
    ranges: readonly SeqRange[],
    count: number,
  ): readonly EventWithTotal[] | undefined {
    const recent = this.cache.get(id, history)?.events;
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
  private async find(
    id: ConversationId,
    history: string,
    range: SuffixRange,
  ): Promise<RecentEvents | undefined> {
    const recent = this.cache.get(id, history);
    const [first, last] = [recent?.events[0], recent?.events.at(-1)];
    if (!recent || !first || !last) return undefined;
    if (first.seq > range.fromSeq && range.minTokensBefore < recent.completeFrom) return undefined;
    const missing = range.toSeq - last.seq;
    if (missing <= 0) return recent;
    if (missing > MAX_ADDED_EVENTS) return undefined;
    const missingRange = { fromSeq: last.seq + 1, toSeq: range.toSeq };
    const added = await this.log.forward(id, missingRange, missing, MAX_ADDED_BYTES);
    if (added.length < missing) return undefined;
    return new RecentEvents([...recent.events, ...added], recent.completeFrom);
  }

  /** The suffix of a range that the cached events cover. */
  private async suffixOf(
    recent: RecentEvents,
    id: ConversationId,
    history: string,
    range: SuffixRange,
  ): Promise<LogSuffix> {
    const { fromSeq, toSeq, minTokensBefore } = range;
    const events = recent.events.filter(
      (event) => event.seq >= fromSeq && event.seq <= toSeq && tokensBefore(event) >= minTokensBefore,
    );
    const first = recent.events.find(({ seq }) => seq === fromSeq);
    const totalBefore = first ? tokensBefore(first) : await this.log.tokensThrough(id, fromSeq - 1);
    // Old events that readers no longer need are dropped once they are the larger part.
    const isMostlyUnused = recent.events.length > 2 * events.length + MAX_ADDED_EVENTS;
    this.store(
      id,
      history,
      isMostlyUnused
        ? new RecentEvents(events.map(copiedEvent), completeFromOf(events, range, true))
        : recent,
    );
    return { events, tokensBefore: totalBefore };
  }

  /** Does nothing if newer events are cached: a reader of a past version must not displace what other readers use. */
  private store(id: ConversationId, history: string, recent: RecentEvents): void {
    const cachedLastSeq = this.cache.get(id, history)?.lastSeq ?? 0;
    if (recent.lastSeq === 0 || cachedLastSeq > recent.lastSeq) return;
    this.cache.set(id, history, recent, recent.bytes);
  }
}

/** Upper bound of the size of the bodies in UTF-8. */
function maxBodyBytes(events: readonly EventWithTotal[]): number {
  return events.reduce((sum, { body }) => sum + 3 * body.length, 0);
}

/** @param isAll whether the events are all of the range from its `minTokensBefore` on */
function completeFromOf(
  [first]: readonly EventWithTotal[],
  { fromSeq, minTokensBefore }: SuffixRange,
  isAll: boolean,
): number {
  if (!first) return Infinity;
  // Events before `fromSeq` may have the same total before them, if their tokens are 0.
  const isCutByTokens = isAll && first.seq > fromSeq;
  return isCutByTokens ? minTokensBefore : tokensBefore(first) + 1;
}

/** The running token total before an event. */
function tokensBefore({ tokensThrough, tokenEstimate }: EventWithTotal): number {
  return tokensThrough - tokenEstimate;
}
