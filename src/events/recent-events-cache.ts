import { Injectable } from '@nestjs/common';
import { BoundedCache } from '../common/bounded-cache.js';
import type { ConversationId } from '../common/conversation-id.js';
import { AppConfig } from '../config/app-config.js';
import { CACHE_SHARES } from '../config/cache-shares.js';
import { EventLogRepository, type LogSuffix } from './event-log.repository.js';
import type { BudgetedRange, CountedEvent, SeqRange, StoredEvent } from './stored-event.js';

/** Most events, and bytes of bodies, by which a tail is lengthened; more are as soon read anew. */
const MAX_EXTENSION_EVENTS = 256;
const MAX_EXTENSION_BYTES = 1024 * 1024;
/** What an event takes beside its body, in bytes, roughly. */
const EVENT_OVERHEAD_BYTES = 400;

/** The newest events of a conversation up to some seq, without a hole; ascending, at least one. */
type Tail = readonly CountedEvent[];

/**
 * The newest events of conversations that were read lately, so that a window after an append reads what was appended.
 * Events never change, so what is here is right on every node; which of them are asked for is the reader's, who has
 * read the conversation's row.
 */
@Injectable()
export class RecentEventsCache {
  private readonly tails: BoundedCache<Tail>;

  constructor(
    private readonly log: EventLogRepository,
    { cacheBytes }: AppConfig,
  ) {
    this.tails = new BoundedCache(cacheBytes * CACHE_SHARES.recentEvents);
  }

  /** As `EventLogRepository.suffix`. */
  async suffix(
    id: ConversationId,
    history: string,
    runs: readonly BudgetedRange[],
    maxBytes: number,
  ): Promise<LogSuffix> {
    const [run] = runs;
    if (!run || runs.length > 1) return this.log.suffix(id, runs, maxBytes);
    const key = keyOf(id, history);
    const tail = await this.tailThrough(id, key, run);
    if (tail && mostBytes(tail) <= maxBytes) return this.served(id, key, tail, run);
    const read = await this.log.suffix(id, runs, maxBytes);
    this.keep(key, read.events);
    return read;
  }

  /** The events of a range (at least one), oldest first, no further than `maxBytes` of bodies, but one at least. */
  async range(
    id: ConversationId,
    history: string,
    range: SeqRange,
    maxBytes: number,
  ): Promise<StoredEvent[]> {
    const key = keyOf(id, history);
    const tail = await this.tailThrough(id, key, { ...range, fromTokens: -1 });
    const events = tail?.filter(({ seq }) => seq >= range.fromSeq && seq <= range.toSeq) ?? [];
    if (!tail || mostBytes(events) > maxBytes)
      return this.log.forward(id, range, range.toSeq - range.fromSeq + 1, maxBytes);
    this.keep(key, tail);
    return events;
  }

  /** What is remembered, if it has all that the run asks for, or lacks a few of the newest only. */
  private async tailThrough(id: ConversationId, key: string, run: BudgetedRange): Promise<Tail | undefined> {
    const tail = this.tails.get(key);
    const [first, last] = [tail?.[0], tail?.at(-1)];
    if (!tail || !first || !last) return undefined;
    // Nothing older is asked for: the totals before older events are no larger.
    if (first.seq > run.fromSeq && totalBefore(first) >= run.fromTokens) return undefined;
    const missing = run.toSeq - last.seq;
    if (missing <= 0) return tail;
    if (missing > MAX_EXTENSION_EVENTS) return undefined;
    const range = { fromSeq: last.seq + 1, toSeq: run.toSeq };
    const newer = await this.log.forward(id, range, missing, MAX_EXTENSION_BYTES);
    return newer.length === missing ? [...tail, ...newer] : undefined;
  }

  private async served(id: ConversationId, key: string, tail: Tail, run: BudgetedRange): Promise<LogSuffix> {
    const events = tail.filter(
      (event) => event.seq >= run.fromSeq && event.seq <= run.toSeq && totalBefore(event) >= run.fromTokens,
    );
    const start = tail.find(({ seq }) => seq === run.fromSeq);
    const tokensBefore = start ? totalBefore(start) : await this.log.tokensThrough(id, run.fromSeq - 1);
    // What nobody has asked for lately goes, now and then.
    const outgrown = tail.length > 2 * events.length + MAX_EXTENSION_EVENTS;
    this.keep(key, outgrown ? events : tail);
    return { events, tokensBefore };
  }

  private keep(key: string, tail: Tail): void {
    if (tail.length === 0) return;
    const bytes = tail.reduce((sum, { body }) => sum + 2 * body.length + EVENT_OVERHEAD_BYTES, 0);
    this.tails.set(key, tail, bytes);
  }
}

/** Events never change within a history of the database. */
function keyOf(id: ConversationId, history: string): string {
  return `${history} ${id.key}`;
}

/** As UTF-8, at most; the bodies alone. */
function mostBytes(tail: Tail): number {
  return tail.reduce((sum, { body }) => sum + 3 * body.length, 0);
}

/** The running token total before an event. */
function totalBefore({ tokensThrough, tokenEstimate }: CountedEvent): number {
  return tokensThrough - tokenEstimate;
}
