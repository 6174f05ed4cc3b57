import { Injectable } from '@nestjs/common';
import type { ConversationId } from '../common/conversation-id.js';
import { Database, type Executor } from '../database/database.js';
import type { NewEvent } from './event-normalizer.js';
import {
  APPEND_BATCH,
  APPEND_EVENT,
  APPEND_TURN,
  FIND_APPEND_REJECTION,
  FIRST_SINCE,
  READ_BACKWARD,
  READ_FORWARD,
  READ_SUFFIX,
  TOKENS_OF_RANGE,
  TOKENS_THROUGH,
} from './event-log.sql.js';
import type { BudgetedRange, CountedEvent, SeqRange, StoredEvent } from './stored-event.js';

/** What the log gave an appended event. */
export interface AppendedEvent {
  seq: number;
  version: number;
  tokenEstimate: number;
}

/** A turn on its way to the log. */
export interface TurnToWrite {
  id: ConversationId;
  /** At least one. */
  events: readonly NewEvent[];
  ifVersion?: number;
  idempotencyKey?: string;
}

/** Why an append wrote nothing. */
export interface AppendRejection {
  version: number;
  tombstoned: boolean;
  /** The turn that has the idempotency key already. */
  turnSeq: number | null;
  turnSize: number | null;
}

/** The newest wanted events of a log. */
export interface LogSuffix {
  events: CountedEvent[];
  tokensBefore: number;
  /** The size of the newest wanted event that did not fit; undefined if all fit. */
  skippedBytes?: number;
}

/** The events table, and the counters of a conversation that an append moves in the same statement. */
@Injectable()
export class EventLogRepository {
  constructor(private readonly database: Database) {}

  /**
   * Writes the turn, all or none; no rows if the conversation is missing, tombstoned or not at `ifVersion`. Waits for
   * the conversation's row lock.
   *
   * @throws DatabaseError 23505 on events_idempotency_key if the key was used before
   */
  append({
    id: { namespace, id },
    events,
    ifVersion,
    idempotencyKey,
  }: TurnToWrite): Promise<AppendedEvent[]> {
    const [only] = events;
    if (only && events.length === 1) {
      return this.database.query<AppendedEvent>(APPEND_EVENT, [
        namespace,
        id,
        ifVersion,
        only.body,
        only.tokenEstimate,
        partTokensText(only),
        idempotencyKey,
      ]);
    }
    return this.database.query<AppendedEvent>(APPEND_TURN, [
      namespace,
      id,
      ifVersion,
      events.length,
      sumOfTokens(events),
      events.map(({ body }) => body),
      events.map(({ tokenEstimate }) => tokenEstimate),
      events.map(partTokensText),
      idempotencyKey,
    ]);
  }

  /**
   * Writes turns of any conversations in one commit, as far as they are not refused; see `APPEND_BATCH` for which may
   * go together. Waits for no lock.
   *
   * @returns per turn what `append` would give, or undefined where the conversation is missing, tombstoned or locked
   * @throws DatabaseError and writes nothing if the database finds fault with one of them
   */
  async appendBatch(turns: readonly TurnToWrite[]): Promise<(AppendedEvent[] | undefined)[]> {
    interface Row {
      turn: number;
      written: boolean;
      before: number;
      versionBefore: number;
    }
    const rows = await this.database.query<Row>(APPEND_BATCH, batchValues(turns));
    const outcomes = new Array<AppendedEvent[] | undefined>(turns.length);
    for (const { turn, written, before, versionBefore } of rows) {
      const { events } = turns[turn - 1] as TurnToWrite;
      outcomes[turn - 1] = (written ? events : []).map(({ tokenEstimate }, index) => ({
        seq: before + index + 1,
        version: versionBefore + index + 1,
        tokenEstimate,
      }));
    }
    return outcomes;
  }

  async explain(
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

  /** Oldest first; at most `limit`, and no further than `maxBytes` of bodies, but one at least. */
  forward(
    { namespace, id }: ConversationId,
    { fromSeq, toSeq }: SeqRange,
    limit: number,
    maxBytes: number,
  ): Promise<CountedEvent[]> {
    return this.database.query<CountedEvent>(READ_FORWARD, [namespace, id, fromSeq, toSeq, limit, maxBytes]);
  }

  /** Newest first, out of these runs; otherwise as `forward`. */
  backward(
    { namespace, id }: ConversationId,
    runs: readonly SeqRange[],
    limit: number,
    maxBytes: number,
  ): Promise<StoredEvent[]> {
    return this.database.query<StoredEvent>(READ_BACKWARD, [
      namespace,
      id,
      runs.map(({ fromSeq }) => fromSeq),
      runs.map(({ toSeq }) => toSeq),
      limit,
      maxBytes,
    ]);
  }

  /**
   * The wanted events of these runs (ascending, at least one), oldest first, as many of the newest as fit `maxBytes` of
   * bodies, and the running token total before the first run.
   */
  async suffix(
    { namespace, id }: ConversationId,
    runs: readonly BudgetedRange[],
    maxBytes: number,
  ): Promise<LogSuffix> {
    type Row = CountedEvent & { tokensBefore: number; skippedBytes: number | null };
    const rows = await this.database.query<Row>(READ_SUFFIX, [
      namespace,
      id,
      runs.map(({ fromSeq }) => fromSeq),
      runs.map(({ toSeq }) => toSeq),
      runs.map(({ fromTokens }) => fromTokens),
      maxBytes,
    ]);
    // The first row is without a body when an event was skipped, and without an event when none is wanted.
    const [first] = rows;
    const events: CountedEvent[] = (first?.body as string | null) === null ? rows.slice(1) : rows;
    return { events, tokensBefore: first?.tokensBefore ?? 0, skippedBytes: first?.skippedBytes ?? undefined };
  }

  async firstSince({ namespace, id }: ConversationId, lastSeq: number, time: Date): Promise<number> {
    const [row] = await this.database.query<{ seq: number }>(FIRST_SINCE, [namespace, id, lastSeq, time]);
    return row?.seq ?? lastSeq + 1;
  }

  async tokensThrough({ namespace, id }: ConversationId, seq: number): Promise<number> {
    const [row] = await this.database.query<{ tokens: number }>(TOKENS_THROUGH, [namespace, id, seq]);
    return row?.tokens ?? 0;
  }

  async tokensOfRange(tx: Executor, { namespace, id }: ConversationId, { fromSeq, toSeq }: SeqRange) {
    const [row] = await tx.query<{ tokensBefore: number; tokensThrough: number }>(TOKENS_OF_RANGE, [
      namespace,
      id,
      fromSeq,
      toSeq,
    ]);
    if (!row) throw new Error(`events ${fromSeq} and ${toSeq} must be in the log`);
    return row;
  }
}

/** The parameters of `APPEND_BATCH`. */
function batchValues(turns: readonly TurnToWrite[]): unknown[] {
  const lanes = new Map<string, number>();
  const [namespaces, ids, laneOfTurn]: [string[], string[], number[]] = [[], [], []];
  for (const { id } of turns) {
    let lane = lanes.get(id.key);
    if (lane === undefined) {
      lanes.set(id.key, (lane = namespaces.push(id.namespace)));
      ids.push(id.id);
    }
    laneOfTurn.push(lane);
  }
  const events = turns.flatMap(({ events }, turn) => {
    let tokensThrough = 0;
    return events.map((event, index) => {
      tokensThrough += event.tokenEstimate;
      return { turn: turn + 1, place: index + 1, event, tokensThrough };
    });
  });
  return [
    namespaces,
    ids,
    laneOfTurn,
    turns.map(({ ifVersion }) => ifVersion),
    turns.map(({ idempotencyKey }) => idempotencyKey),
    turns.map(({ events }) => events.length),
    turns.map(({ events }) => sumOfTokens(events)),
    events.map(({ turn }) => turn),
    events.map(({ place }) => place),
    events.map(({ event }) => event.body),
    events.map(({ event }) => event.tokenEstimate),
    events.map(({ tokensThrough }) => tokensThrough),
    events.map(({ event }) => partTokensText(event)),
  ];
}

function sumOfTokens(events: readonly NewEvent[]): number {
  return events.reduce((sum, { tokenEstimate }) => sum + tokenEstimate, 0);
}

/** As PostgreSQL writes an array. */
function partTokensText({ partTokens }: NewEvent): string | null {
  return partTokens && `{${partTokens.join(',')}}`;
}
