import { Injectable } from '@nestjs/common';
import type { ConversationId } from '../common/conversation-id.js';
import { Database, type Executor } from '../database/database.js';
import type { Statement } from '../database/statement.js';
import { batchValues, eventValues, hasKeys, pinnedTurnValues, turnValues } from './append-values.js';
import {
  APPEND_BATCH,
  APPEND_EVENT,
  APPEND_KEYED_BATCH,
  APPEND_PINNED_TURN,
  APPEND_TURN,
  FIND_APPEND_REJECTION,
} from './append.sql.js';
import {
  DELETE_EVENTS,
  FIRST_SINCE,
  READ_BACKWARD,
  READ_FORWARD,
  READ_FORWARD_RANGES,
  READ_OUTLINES,
  READ_PINNED,
  READ_SUFFIX,
  TOKENS_OF_RANGE,
  TOKENS_THROUGH,
  TOKENS_THROUGH_EACH,
} from './event-log.sql.js';
import { unpackEvents, unpackInTurns, type PackedEvents } from './packed-events.js';
import { hasPinnedEvents } from './pins.js';
import type { TurnToWrite } from './turn-to-write.js';
import type { EventWithTotal, PinnedEvent, SeqRange, StoredOutline, SuffixRange } from './stored-event.js';

/** What the server assigned to an appended event. */
export interface AppendedEvent {
  seq: number;
  version: number;
  tokenEstimate: number;
}

/** Why an append wrote nothing: the state of the conversation at that moment. */
export interface AppendRejection {
  version: number;
  tombstoned: boolean;
  erased: boolean;
  model: string | null;
  /** How many events of the conversation are pinned. */
  pinnedCount: number;
  /** First seq of the turn that already has the idempotency key. */
  turnSeq: number | null;
  turnSize: number | null;
}

/** The newest events of a log that were requested and fit. */
export interface LogSuffix {
  /** Ascending. */
  events: readonly EventWithTotal[];
  tokensBefore: number;
  /** Size of the newest requested event that did not fit; undefined if all fit. */
  skippedBytes?: number | undefined;
}

/** A suffix that was read in one statement. */
export interface ReadSuffix extends LogSuffix {
  /** Makes the same events again, as other objects. */
  unpack: () => readonly EventWithTotal[];
}

/** Most events, and bytes of bodies, that one statement deletes. */
const DELETED_EVENTS = 1000;
const DELETED_BYTES = 8 * 1024 * 1024;

/** The events table, and the counters of a conversation that an append advances in the same statement. */
@Injectable()
export class EventLogRepository {
  constructor(private readonly database: Database) {}

  /**
   * Writes the turn, all or none of it; no rows if the conversation is missing, tombstoned, not at `ifVersion`, has another
   * model or would have too many pinned events. Waits for the row lock of the conversation.
   *
   * @throws DatabaseError 23505 if the key was used before
   */
  append(turn: TurnToWrite, executor: Executor = this.database): Promise<AppendedEvent[]> {
    const { events } = turn;
    if (hasPinnedEvents(events))
      return executor.query<AppendedEvent>(APPEND_PINNED_TURN, pinnedTurnValues(turn));
    const [only] = events;
    return only && events.length === 1
      ? executor.query<AppendedEvent>(APPEND_EVENT, eventValues(turn, only))
      : executor.query<AppendedEvent>(APPEND_TURN, turnValues(turn));
  }

  /**
   * Writes turns of any conversations in one commit; see `APPEND_BATCH` for which turns may be together. Waits for no lock.
   *
   * @param turns none of which has pinned events
   * @returns per turn what `append` would return, or undefined if the statement has not written it, for whatever reason
   * @throws DatabaseError if a turn causes an error in the database; then none is written
   */
  async appendBatch(turns: readonly TurnToWrite[]): Promise<(AppendedEvent[] | undefined)[]> {
    interface Row {
      /** Of the group, from 1. */
      number: number;
      seqBefore: number;
      versionBefore: number;
    }
    // Turns that were counted for another model than their conversation has must not keep the others from being written.
    const groups = [...Map.groupBy(turns, ({ id, model }) => `${id.key}${model ?? ''}`).values()];
    const isKeyed = hasKeys(turns);
    const statement = isKeyed ? APPEND_KEYED_BATCH : APPEND_BATCH;
    const rows = await this.database.query<Row>(statement, batchValues(groups, isKeyed));
    const written = new Map<TurnToWrite, AppendedEvent[]>();
    for (const { number, seqBefore, versionBefore } of rows) {
      let position = 0;
      for (const turn of groups[number - 1] as readonly TurnToWrite[]) {
        const events = turn.events.map(({ tokenEstimate }) => {
          position += 1;
          return { seq: seqBefore + position, version: versionBefore + position, tokenEstimate };
        });
        written.set(turn, events);
      }
    }
    return turns.map((turn) => written.get(turn));
  }

  /** Undefined if the conversation does not exist. */
  async findRejection(
    { namespace, id }: ConversationId,
    idempotencyKey?: string,
  ): Promise<AppendRejection | undefined> {
    const [row] = await this.database.query<AppendRejection>(FIND_APPEND_REJECTION, [
      namespace,
      id,
      idempotencyKey,
    ]);
    return row;
  }

  /** Oldest first; at most `limit` events and `maxBytes` of bodies, but at least one event. */
  forward(
    { namespace, id }: ConversationId,
    { fromSeq, toSeq }: SeqRange,
    limit: number,
    maxBytes: number,
  ): Promise<EventWithTotal[]> {
    return readPacked(this.database, READ_FORWARD, [namespace, id, fromSeq, toSeq, limit, maxBytes]);
  }

  /** All events of these ranges, oldest first; at most `maxBytes` of bodies, but at least one event. */
  forwardRanges(
    { namespace, id }: ConversationId,
    ranges: readonly SeqRange[],
    maxBytes: number,
  ): Promise<EventWithTotal[]> {
    return readPacked(this.database, READ_FORWARD_RANGES, [
      namespace,
      id,
      ranges.map(({ fromSeq }) => fromSeq),
      ranges.map(({ toSeq }) => toSeq),
      maxBytes,
    ]);
  }

  /** Newest first, from these ranges; the limits are those of `forward`. */
  backward(
    { namespace, id }: ConversationId,
    ranges: readonly SeqRange[],
    limit: number,
    maxBytes: number,
    executor: Executor = this.database,
  ): Promise<EventWithTotal[]> {
    return readPacked(executor, READ_BACKWARD, [
      namespace,
      id,
      ranges.map(({ fromSeq }) => fromSeq),
      ranges.map(({ toSeq }) => toSeq),
      limit,
      maxBytes,
    ]);
  }

  /**
   * The first `headLength` events of the log and those that were appended as pinned, oldest first; only those after
   * `afterSeq`. At most `maxBytes` of bodies, but at least one event; `remaining` is their number without that limit.
   */
  pinned(
    { namespace, id }: ConversationId,
    headLength: number,
    afterSeq: number,
    maxBytes: number,
  ): Promise<(PinnedEvent & { remaining: number })[]> {
    return this.database.query<PinnedEvent & { remaining: number }>(READ_PINNED, [
      namespace,
      id,
      headLength,
      afterSeq,
      maxBytes,
    ]);
  }

  /** The outlines of the newest `limit` events in these ranges, newest first. */
  outlines(
    { namespace, id }: ConversationId,
    ranges: readonly SeqRange[],
    limit: number,
    executor: Executor = this.database,
  ): Promise<StoredOutline[]> {
    return executor.query<StoredOutline>(READ_OUTLINES, [
      namespace,
      id,
      ranges.map(({ fromSeq }) => fromSeq),
      ranges.map(({ toSeq }) => toSeq),
      limit,
    ]);
  }

  /**
   * Reads the events of these ranges (ascending, at least one) from their `minTokensBefore` on, oldest first: as many of the
   * newest as fit `maxBytes` of bodies. Also reads the running token total before the first range.
   */
  async suffix(
    { namespace, id }: ConversationId,
    ranges: readonly SuffixRange[],
    maxBytes: number,
  ): Promise<ReadSuffix> {
    type Row = PackedEvents & { tokensBefore: number | null; skippedBytes: number | null };
    const [row] = await this.database.query<Row>(READ_SUFFIX, [
      namespace,
      id,
      ranges.map(({ fromSeq }) => fromSeq),
      ranges.map(({ toSeq }) => toSeq),
      ranges.map(({ minTokensBefore }) => minTokensBefore),
      maxBytes,
    ]);
    const { tokensBefore, skippedBytes, ...packed } = row as Row;
    const events = (await unpackInTurns(packed)).reverse();
    const unpack = () => unpackEvents(packed).reverse();
    return { events, unpack, tokensBefore: tokensBefore ?? 0, skippedBytes: skippedBytes ?? undefined };
  }

  /** The first seq up to `lastSeq` inserted at or after `time`; `lastSeq + 1` if no event is that new. */
  async firstSince({ namespace, id }: ConversationId, lastSeq: number, time: Date): Promise<number> {
    const [row] = await this.database.query<{ seq: number }>(FIRST_SINCE, [namespace, id, lastSeq, time]);
    return row?.seq ?? lastSeq + 1;
  }

  /** The running token total through event `seq`; 0 if there is no such event. */
  async tokensThrough({ namespace, id }: ConversationId, seq: number): Promise<number> {
    const [row] = await this.database.query<{ tokens: number }>(TOKENS_THROUGH, [namespace, id, seq]);
    return row?.tokens ?? 0;
  }

  /** The running token totals through these events, by seq. */
  async tokensThroughEach(
    { namespace, id }: ConversationId,
    seqs: readonly number[],
  ): Promise<Map<number, number>> {
    const rows = await this.database.query<{ seq: number; tokens: number }>(TOKENS_THROUGH_EACH, [
      namespace,
      id,
      seqs,
    ]);
    return new Map(rows.map(({ seq, tokens }) => [seq, tokens]));
  }

  /** The running token totals before and through a range of the log, as the transaction sees it. */
  async tokensOfRange(tx: Executor, { namespace, id }: ConversationId, { fromSeq, toSeq }: SeqRange) {
    const [row] = await tx.query<{ tokensBefore: number; tokensThrough: number }>(TOKENS_OF_RANGE, [
      namespace,
      id,
      fromSeq,
      toSeq,
    ]);
    if (!row) throw new Error(`the log lacks event ${fromSeq} or event ${toSeq}`);
    return row;
  }

  /** Deletes the oldest events after a seq. @returns the seq of the last one; undefined if there was none */
  async deleteBatch({ namespace, id }: ConversationId, afterSeq: number): Promise<number | undefined> {
    const [row] = await this.database.query<{ lastSeq: number | null }>(DELETE_EVENTS, [
      namespace,
      id,
      afterSeq,
      DELETED_EVENTS,
      DELETED_BYTES,
    ]);
    return row?.lastSeq ?? undefined;
  }
}

/** @param statement returns one row of `PackedEvents` */
async function readPacked(
  executor: Executor,
  statement: Statement,
  values: unknown[],
): Promise<EventWithTotal[]> {
  const [row] = await executor.query<PackedEvents>(statement, values);
  return unpackEvents(row as PackedEvents);
}
