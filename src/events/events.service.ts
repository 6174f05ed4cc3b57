import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { ConversationId } from '../common/conversation-id.js';
import { jsonEqualsTask } from '../common/json/json-equal.js';
import { runCooperatively } from '../common/cooperative-task.js';
import { addRequestFields } from '../common/logging/request-context.js';
import { ConversationChanges } from '../conversations/conversation-changes.js';
import {
  ConversationNotFoundError,
  TombstonedError,
  VersionMismatchError,
} from '../conversations/conversations.errors.js';
import { ConversationsService } from '../conversations/conversations.service.js';
import type { Executor } from '../database/database.js';
import { isUniqueViolation } from '../database/database.errors.js';
import { Metrics } from '../metrics/metrics.js';
import { AppendQueue } from './append-queue.js';
import type { NewEvent } from './event-normalizer.js';
import { RecentEventsCache } from './recent-events-cache.js';
import {
  EventLogRepository,
  type AppendedEvent,
  type AppendRejection,
  type LogSuffix,
} from './event-log.repository.js';
import { IdempotencyConflictError } from './events.errors.js';
import type { BudgetedRange, SeqRange, StoredEvent } from './stored-event.js';

/** One event or several that go in together. */
export interface NewTurn {
  events: readonly NewEvent[];
  /** The version the caller believes current; undefined skips the check. */
  ifVersion?: number;
  idempotencyKey?: string;
}

export interface AppendedTurn {
  /** One entry per event, seqs consecutive. */
  events: AppendedEvent[];
  /** The turn was there already under its idempotency key; nothing was written. */
  deduped: boolean;
}

/** Where a page of the log begins and ends, as a caller asks for it. */
export type PageRequest =
  { cursor: number; limit?: number } | { fromSeq?: number; toSeq?: number; limit?: number };

/** The seqs a page is cut from, at most as many as a page has; `toSeq` before `fromSeq` if there are none. */
export interface PageRange extends SeqRange {
  /** Of the database, when the range was worked out. */
  history: string;
  /** Entity tag: within a history events never change, so only the range tells one page of the conversation from another. */
  tag: string;
}

export interface Page {
  events: StoredEvent[];
  /** The last seq of the page; of an empty one, the seq it was asked for after. */
  nextCursor: number;
}

const MAX_PAGE_EVENTS = 1000;
const DEFAULT_CURSOR_PAGE_EVENTS = 100;
/** About where a page ends, in bytes of bodies. */
const MAX_PAGE_BYTES = 8 * 1024 * 1024;
/** How many events a policy that reads one by one is handed at a time. */
const BACKWARD_PAGE_EVENTS = 256;
/** An append that was refused for a reason gone a moment later is tried again, this often. */
const MAX_ATTEMPTS = 5;

/** The rules of appending and reading. */
@Injectable()
export class EventsService {
  private historyDigest?: { history: string; digest: string };

  constructor(
    private readonly log: EventLogRepository,
    private readonly conversations: ConversationsService,
    private readonly queue: AppendQueue,
    private readonly tails: RecentEventsCache,
    private readonly changes: ConversationChanges,
    private readonly metrics: Metrics,
  ) {}

  /**
   * Appends a turn in the order given; all of it or nothing. When it resolves, the turn is durable and every later
   * read on any node sees it. A turn under an idempotency key that was used before is compared with what it wrote
   * then, and answered with what it was answered then, whatever `ifVersion` says.
   *
   * @throws ConversationNotFoundError (404)
   * @throws IdempotencyConflictError (409) the key was used for other content
   * @throws TombstonedError (409)
   * @throws VersionMismatchError (409) the conversation has moved on; re-read and retry
   * @throws UnavailableError (503)
   */
  async append(id: ConversationId, turn: NewTurn): Promise<AppendedTurn> {
    const done = this.metrics.appendLatency.startTimer();
    const appended = await this.appendNow(id, turn);
    if (!appended.deduped) this.changes.committed(id);
    done();
    addRequestFields({ seq: appended.events.at(-1)?.seq });
    for (const { role } of turn.events)
      this.metrics.eventsAppended.inc({ role, deduped: String(appended.deduped) });
    return appended;
  }

  private async appendNow(id: ConversationId, turn: NewTurn): Promise<AppendedTurn> {
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
      const events = await this.tryAppend(id, turn);
      if (events.length) return { events, deduped: false };
      // Checked in this order, so that a retry of a committed append succeeds though its guard is stale by now.
      const obstacle = await this.log.findRejection(id, turn.idempotencyKey);
      if (!obstacle) throw new ConversationNotFoundError();
      if (obstacle.turnSeq !== null)
        return { events: await this.sameTurn(id, turn, obstacle), deduped: true };
      if (obstacle.tombstoned) throw new TombstonedError();
      if (turn.ifVersion !== undefined && turn.ifVersion !== obstacle.version) {
        throw new VersionMismatchError(turn.ifVersion, obstacle.version);
      }
      // Created, or come to the expected version, between the two statements.
    }
    throw new Error('an append was refused again and again for no reason that can be found');
  }

  /** @returns nothing if the conversation or its guard is against it, or the key was used before */
  private async tryAppend(id: ConversationId, turn: NewTurn): Promise<AppendedEvent[]> {
    try {
      return await this.queue.append(id, turn);
    } catch (error) {
      if (turn.idempotencyKey !== undefined && isUniqueViolation(error)) return [];
      throw error;
    }
  }

  private async sameTurn(
    id: ConversationId,
    { events }: NewTurn,
    { turnSeq, turnSize }: AppendRejection,
  ): Promise<StoredEvent[]> {
    if (turnSeq === null || turnSize !== events.length) throw new IdempotencyConflictError();
    const range = { fromSeq: turnSeq, toSeq: turnSeq + turnSize - 1 };
    const stored = await this.log.forward(id, range, turnSize, Number.MAX_SAFE_INTEGER);
    for (const [index, { body }] of stored.entries()) {
      const same = await runCooperatively(jsonEqualsTask(body, events[index]?.body ?? ''));
      if (!same) throw new IdempotencyConflictError();
    }
    return stored;
  }

  /**
   * What a page would be cut from as the log is now.
   *
   * @throws ConversationNotFoundError (404)
   */
  async pageRange(id: ConversationId, request: PageRequest): Promise<PageRange> {
    const { lastSeq, createdAt, history } = await this.conversations.get(id);
    const byCursor = 'cursor' in request;
    const fromSeq = byCursor ? request.cursor + 1 : firstSeq(request.fromSeq ?? 1, lastSeq);
    const isRange = !byCursor && (request.fromSeq !== undefined || request.toSeq !== undefined);
    const limit = Math.min(
      request.limit ?? (isRange ? MAX_PAGE_EVENTS : DEFAULT_CURSOR_PAGE_EVENTS),
      MAX_PAGE_EVENTS,
    );
    const toSeq = Math.min(lastSeq, (byCursor ? undefined : request.toSeq) ?? lastSeq, fromSeq + limit - 1);
    const origin = `${createdAt.getTime().toString(36)}-${this.digestOf(history)}`;
    return { fromSeq, toSeq, history, tag: `"${fromSeq}-${toSeq}-${origin}"` };
  }

  /** A short name of a history, for entity tags. There is one at a time, so the last one is kept. */
  private digestOf(history: string): string {
    if (this.historyDigest?.history !== history) {
      const digest = createHash('sha256').update(history).digest('base64url').slice(0, 11);
      this.historyDigest = { history, digest };
    }
    return this.historyDigest.digest;
  }

  /** Reads a page of the log, ascending; it also ends at about 8 MiB, after at least one event. */
  async page(id: ConversationId, { fromSeq, toSeq, history }: PageRange): Promise<Page> {
    const range = { fromSeq, toSeq };
    const events = fromSeq <= toSeq ? await this.tails.range(id, history, range, MAX_PAGE_BYTES) : [];
    return { events, nextCursor: events.at(-1)?.seq ?? fromSeq - 1 };
  }

  /** The `count` events after `seq`, which are there, ascending; no more than about as many bytes as a page has. */
  after(id: ConversationId, history: string, seq: number, count: number): Promise<StoredEvent[]> {
    return this.tails.range(id, history, { fromSeq: seq + 1, toSeq: seq + count }, MAX_PAGE_BYTES);
  }

  /** The running token total through event `seq`; 0 before the first. */
  tokensThrough(id: ConversationId, seq: number): Promise<number> {
    return this.log.tokensThrough(id, seq);
  }

  /** The events of `runs`, newest first, read in pages as they are asked for. */
  async *newestFirst(id: ConversationId, runs: readonly SeqRange[]): AsyncGenerator<StoredEvent> {
    const left = [...runs];
    while (left.length) {
      const page = await this.log.backward(id, newestRuns(left), BACKWARD_PAGE_EVENTS, MAX_PAGE_BYTES);
      yield* page;
      cutFrom(left, page.at(-1)?.seq ?? 0);
    }
  }

  /**
   * As `EventLogRepository.suffix`, but in statements of a few MiB each: one of 60 MiB meets the time limit of a
   * statement when others are read beside it.
   */
  async suffix(
    id: ConversationId,
    history: string,
    runs: readonly BudgetedRange[],
    maxBytes: number,
  ): Promise<LogSuffix> {
    let read = await this.tails.suffix(id, history, runs, Math.min(maxBytes, MAX_PAGE_BYTES));
    const parts = [read];
    const older = [...runs];
    let left = maxBytes;
    for (;;) {
      const { skippedBytes, events } = read;
      if (skippedBytes === undefined) break;
      left -= events.reduce((bytes, { body }) => bytes + Buffer.byteLength(body), 0);
      if (skippedBytes > left) break;
      if (events[0]) cutFrom(older, events[0].seq);
      read = await this.log.suffix(id, older, Math.min(left, Math.max(MAX_PAGE_BYTES, skippedBytes)));
      parts.push(read);
    }
    if (parts.length === 1) return read;
    return { ...read, events: parts.reverse().flatMap(({ events }) => events) };
  }

  /** The first seq inserted at or after `time`; `lastSeq + 1` if there is none. */
  firstSince(id: ConversationId, lastSeq: number, time: Date): Promise<number> {
    return this.log.firstSince(id, lastSeq, time);
  }

  /** The running token total before and through a range of the log, as the transaction sees it. */
  tokensOfRange(tx: Executor, id: ConversationId, range: SeqRange) {
    return this.log.tokensOfRange(tx, id, range);
  }
}

/** Where a range begins: a negative seq counts from the end. */
function firstSeq(fromSeq: number, lastSeq: number): number {
  return Math.max(1, fromSeq < 0 ? lastSeq + fromSeq + 1 : fromSeq);
}

/** The newest of `runs` that are sure to fill a page. */
function newestRuns(runs: readonly SeqRange[]): SeqRange[] {
  let events = 0;
  const start = runs.findLastIndex(
    ({ fromSeq, toSeq }) => (events += toSeq - fromSeq + 1) >= BACKWARD_PAGE_EVENTS,
  );
  return runs.slice(Math.max(0, start));
}

/** Takes `seq` and what is newer off the runs. */
function cutFrom(runs: SeqRange[], seq: number): void {
  for (let last = runs.at(-1); last && last.toSeq >= seq; last = runs.at(-1)) {
    runs.pop();
    if (last.fromSeq < seq) runs.push({ ...last, toSeq: seq - 1 });
  }
}
