import { Injectable } from '@nestjs/common';
import { parseOutline } from '@fastpaca/messages';
import { CalibrationService } from '../calibration/calibration.service.js';
import type { ConversationId } from '../common/conversation-id.js';
import { addRequestFields } from '../common/logging/request-context.js';
import { ConversationChanges } from '../conversations/conversation-changes.js';
import type { ConversationRecord } from '../conversations/conversation.js';
import { ConversationsService } from '../conversations/conversations.service.js';
import type { Executor } from '../database/database.js';
import { Metrics } from '../metrics/metrics.js';
import { validatedJson, type EventInput, type NewTurn } from './event-input.js';
import { EventLogRepository, type LogSuffix } from './event-log.repository.js';
import { EventNormalizer, type NewEvent } from './event-normalizer.js';
import { ReplacementValidator, TurnValidator } from './event-validator.js';
import { LogPages, type EventPage } from './log-pages.js';
import { outlined, outlinedRow, type OutlinedLogEvent } from './outlined-log-event.js';
import type { PageRequest } from './page-range.js';
import { PinnedEventsReader, type PinnedEvents } from './pinned-events.js';
import { RecentEventsCache } from './recent-events-cache.js';
import { newestRanges, rangesBefore } from './seq-ranges.js';
import {
  MAX_READ_BYTES,
  type EventWithTotal,
  type SuffixRange,
  type SeqRange,
  type StoredEvent,
} from './stored-event.js';
import { TurnAppender, type AppendedTurn } from './turn-appender.js';
import { WithdrawnEvents, type WithdrawnRecord } from './withdrawn-events.js';
import type { WithdrawnRange } from './withdrawn-ranges.js';

/**
 * How many live events on one side of a cut are searched for the groups that the cut splits. A call and its result that are
 * further apart are no group, so the cost of a cut does not depend on the length of the log.
 */
export const MAX_GROUP_EVENTS = 256;

/** How many events `newestFirst` reads at a time. */
const BACKWARD_READ_EVENTS = 256;

/** The log of a conversation: appending to it and reading it. */
@Injectable()
export class EventsService {
  constructor(
    private readonly appender: TurnAppender,
    private readonly normalizer: EventNormalizer,
    private readonly turnValidator: TurnValidator,
    private readonly replacementValidator: ReplacementValidator,
    private readonly log: EventLogRepository,
    private readonly recentEvents: RecentEventsCache,
    private readonly pinnedEvents: PinnedEventsReader,
    private readonly withdrawnEvents: WithdrawnEvents,
    private readonly pages: LogPages,
    private readonly conversations: ConversationsService,
    private readonly changes: ConversationChanges,
    private readonly calibrations: CalibrationService,
    private readonly metrics: Metrics,
  ) {}

  /**
   * Appends a turn in the order given; all of its events or none. When the promise resolves, the turn is durable and
   * every later read on any node sees it. If the idempotency key was used before, the turn is compared with the stored
   * one, whatever `ifVersion` says, and the result of the first append is returned.
   *
   * Its tokens are counted for the model of the conversation.
   *
   * @param eventPath names an event in violations, by its index from 0
   * @throws InvalidPayloadError (400) an object among the events breaks a rule of events, or the conversation would have more than
   *   256 pinned events
   * @throws ConversationNotFoundError (404)
   * @throws IdempotencyConflictError (409) the key was used for other content
   * @throws TombstonedError (409)
   * @throws ConversationErasedError (410)
   * @throws VersionMismatchError (409) the conversation has moved on; re-read and retry
   * @throws UnavailableError (503)
   */
  async append(
    id: ConversationId,
    { events: inputs, ifVersion, idempotencyKey, usage }: NewTurn,
    eventPath = (index: number) => `events[${index}]`,
  ): Promise<AppendedTurn> {
    const json = validatedJson(inputs, 'events', this.turnValidator);
    const normalize = (model: string | null) => this.normalizer.normalizeAll(json, model);
    const model = this.conversations.knownModel(id);
    const events = await normalize(model);
    const stopTimer = this.metrics.appendLatency.startTimer();
    const turn = { events, model, ifVersion, idempotencyKey };
    const appended = await this.appender.append(id, { normalize, eventPath }, turn);
    const last = appended.events.at(-1);
    if (last && !appended.deduped) this.changes.publishCommit({ id, version: last.version, kind: 'append' });
    await this.conversations.noteActivity(id);
    stopTimer();
    const [first] = appended.events;
    if (usage && first && !appended.deduped) this.calibrations.report(id, usage, first.version);
    addRequestFields({ seq: last?.seq });
    const deduped = String(appended.deduped);
    for (const { role } of events) this.metrics.eventsAppended.inc({ role, deduped });
    return appended;
  }

  /**
   * The messages that replace a compacted range, as they are stored, with their tokens.
   *
   * @param model whose tokens are counted; null for the default tokenizer
   * @param path of the replacement in the request
   * @throws InvalidPayloadError (400) an object among them breaks a rule of events
   *
   * @internal
   */
  async replacementMessages(
    inputs: readonly EventInput[],
    model: string | null,
    path = 'replacement',
  ): Promise<NewEvent[]> {
    return this.normalizer.normalizeAll(validatedJson(inputs, path, this.replacementValidator), model);
  }

  /**
   * Reads a page of the log, ascending: a range of seqs, or the events after a cursor. With `waitMs`, waits for an event
   * after the cursor. A page ends at about 8 MiB, after at least one event.
   *
   * @throws ConversationNotFoundError (404)
   * @throws UnavailableError (503) too many readers wait already
   */
  async read(id: ConversationId, request: PageRequest): Promise<EventPage> {
    return this.pages.read(id, await this.pages.range(id, request));
  }

  /**
   * The withdrawn parts of a range of the log at the version of the record, ascending and disjoint.
   *
   * @internal
   */
  withdrawn(
    id: ConversationId,
    record: WithdrawnRecord,
    range: SeqRange,
    executor?: Executor,
  ): Promise<WithdrawnRange[]> {
    return this.withdrawnEvents.ranges(id, record, range, executor);
  }

  /** @internal The next `count` events after `seq`, ascending; they must exist. Fewer if they exceed about 8 MiB. */
  after(id: ConversationId, history: string, seq: number, count: number): Promise<StoredEvent[]> {
    return this.recentEvents.range(id, history, { fromSeq: seq + 1, toSeq: seq + count }, MAX_READ_BYTES);
  }

  /**
   * The events of `ranges` (ascending), newest first; read from the database page by page, as they are consumed.
   *
   * @internal
   */
  async *newestFirst(id: ConversationId, ranges: readonly SeqRange[]): AsyncGenerator<EventWithTotal> {
    let unread = ranges;
    while (unread.length) {
      const newest = newestRanges(unread, BACKWARD_READ_EVENTS);
      const page = await this.log.backward(id, newest, BACKWARD_READ_EVENTS, MAX_READ_BYTES);
      yield* page;
      unread = rangesBefore(unread, page.at(-1)?.seq ?? 0);
    }
  }

  /**
   * As `EventLogRepository.suffix`, but in statements of about 8 MiB each: a statement of 60 MiB exceeds the time limit
   * when others run beside it.
   *
   * @internal
   */
  async suffix(
    id: ConversationId,
    history: string,
    ranges: readonly SuffixRange[],
    maxBytes: number,
  ): Promise<LogSuffix> {
    let read = await this.recentEvents.suffix(id, history, ranges, Math.min(maxBytes, MAX_READ_BYTES));
    const reads = [read];
    let unread = ranges;
    let remainingBytes = maxBytes;
    for (;;) {
      const { skippedBytes, events } = read;
      if (skippedBytes === undefined) break;
      remainingBytes -= events.reduce((bytes, { body }) => bytes + Buffer.byteLength(body), 0);
      if (skippedBytes > remainingBytes) break;
      if (events[0]) unread = rangesBefore(unread, events[0].seq);
      const maxReadBytes = Math.min(remainingBytes, Math.max(MAX_READ_BYTES, skippedBytes));
      read = await this.log.suffix(id, unread, maxReadBytes);
      reads.push(read);
    }
    if (reads.length === 1) return read;
    return { ...read, events: reads.reverse().flatMap(({ events }) => events) };
  }

  /**
   * The newest `count` events of `ranges` (ascending) with their outlines, ascending. Reads bodies only of events whose outline
   * was not stored, about 8 MiB at most; older ones are then missing.
   *
   * @internal
   */
  async outlines(
    id: ConversationId,
    history: string,
    ranges: readonly SeqRange[],
    count: number,
  ): Promise<OutlinedLogEvent[]> {
    const newest = newestRanges(ranges, count);
    const cached = this.recentEvents.newest(id, history, newest, count);
    return cached ? cached.map(outlined) : this.readOutlines(id, newest, count);
  }

  /**
   * The events of `ranges` (ascending) with their outlines, ascending, as the transaction sees them; limited as those of
   * `outlines`.
   *
   * @internal
   */
  outlinesOfRanges(
    tx: Executor,
    id: ConversationId,
    ranges: readonly SeqRange[],
  ): Promise<OutlinedLogEvent[]> {
    const count = ranges.reduce((sum, { fromSeq, toSeq }) => sum + toSeq - fromSeq + 1, 0);
    return this.readOutlines(id, ranges, count, tx);
  }

  private async readOutlines(
    id: ConversationId,
    ranges: readonly SeqRange[],
    count: number,
    tx?: Executor,
  ): Promise<OutlinedLogEvent[]> {
    const rows = await this.log.outlines(id, ranges, count, tx);
    if (rows.every(({ outline }) => parseOutline(outline))) return rows.map(outlinedRow).reverse();
    const events = await this.log.backward(id, ranges, count, MAX_READ_BYTES, tx);
    return events.map(outlined).reverse();
  }

  /**
   * The pinned events up to `lastSeq` of the record: the system and developer events at the very beginning of the log (its head, at
   * most 256), and the events that were appended as pinned (at most 256). Reads nothing if there are none.
   *
   * @param maxBytes most bytes of bodies; the oldest that fit are returned, and `cutByBytes` says whether some did not
   * @param pinHead false to leave out events that are pinned only because they belong to the head
   *
   * @internal
   */
  pinned(
    id: ConversationId,
    record: Pick<ConversationRecord, 'lastSeq' | 'headLength' | 'pinnedCount' | 'history'>,
    maxBytes: number,
    pinHead = true,
  ): Promise<PinnedEvents> {
    return this.pinnedEvents.read(id, record, maxBytes, pinHead);
  }

  /** @internal The first seq inserted at or after `time`; `lastSeq + 1` if no event is that new. */
  firstSince(id: ConversationId, lastSeq: number, time: Date): Promise<number> {
    return this.log.firstSince(id, lastSeq, time);
  }

  /** @internal The running token total through event `seq`; 0 before the first. */
  tokensThrough(id: ConversationId, seq: number): Promise<number> {
    return this.log.tokensThrough(id, seq);
  }

  /** @internal The running token totals through these events, by seq. */
  tokensThroughEach(id: ConversationId, seqs: readonly number[]): Promise<Map<number, number>> {
    return this.log.tokensThroughEach(id, seqs);
  }

  /** @internal The running token totals before and through a range of the log, as the transaction sees them. */
  tokensOfRange(tx: Executor, id: ConversationId, range: SeqRange) {
    return this.log.tokensOfRange(tx, id, range);
  }
}
