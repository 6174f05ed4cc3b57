import { Injectable } from '@nestjs/common';
import type { ConversationId } from '../common/conversation-id.js';
import { runCooperatively } from '../common/cooperative-task.js';
import { InvalidPayloadError } from '../common/errors/common.errors.js';
import { jsonEqualsTask } from '../common/json/json-equal.js';
import {
  ConversationErasedError,
  ConversationNotFoundError,
  TombstonedError,
  VersionMismatchError,
} from '../conversations/conversations.errors.js';
import { ConversationsService } from '../conversations/conversations.service.js';
import { Database } from '../database/database.js';
import { isUniqueViolation } from '../database/database.errors.js';
import { AppendQueue } from './append-queue.js';
import { EventLogRepository, type AppendedEvent, type AppendRejection } from './event-log.repository.js';
import type { NewEvent } from './event-normalizer.js';
import { IdempotencyConflictError } from './events.errors.js';
import { MAX_PINNED_EVENTS, pinnedIndexes } from './pins.js';
import type { TurnToWrite } from './turn-to-write.js';

export type { AppendedEvent };

/** A turn whose events are ready to be written. */
export type NormalizedTurn = Omit<TurnToWrite, 'id'>;

export interface AppendedTurn {
  /** One entry per event, seqs consecutive. */
  events: readonly AppendedEvent[];
  /** An earlier append with the same idempotency key has stored this turn; nothing was written now. */
  deduped: boolean;
}

/** What the appender needs to know of the request that a turn is from. */
export interface TurnSource {
  /** Counts the tokens of its events for another model. */
  normalize: (model: string | null) => Promise<readonly NewEvent[]>;
  /** Names an event of the turn in violations. @param index from 0 */
  eventPath: (index: number) => string;
}

/** How often an append is tried if the reason of its rejection no longer holds when it is looked up. */
const MAX_ATTEMPTS = 5;
/** After so many attempts, the conversation is locked first: its model may change faster than tokens are counted. */
const UNLOCKED_ATTEMPTS = 3;

/** Appends turns: version check, idempotency, token counts of the right model, and the reason why a turn was not written. */
@Injectable()
export class TurnAppender {
  constructor(
    private readonly queue: AppendQueue,
    private readonly log: EventLogRepository,
    private readonly conversations: ConversationsService,
    private readonly database: Database,
  ) {}

  /** See `EventsService.append`. */
  async append(id: ConversationId, source: TurnSource, newTurn: NormalizedTurn): Promise<AppendedTurn> {
    let turn = newTurn;
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
      const isLocked = attempt > UNLOCKED_ATTEMPTS;
      const events = await this.write(id, turn, isLocked ? source : undefined);
      if (events.length) return { events, deduped: false };
      const rejection = await this.log.findRejection(id, turn.idempotencyKey);
      if (!rejection) throw new ConversationNotFoundError();
      if (rejection.erased) throw new ConversationErasedError();
      // First the key: the retry of a committed append succeeds, although its `ifVersion` is stale by now.
      if (rejection.turnSeq !== null)
        return { events: await this.storedTurn(id, turn, rejection), deduped: true };
      if (rejection.tombstoned) throw new TombstonedError();
      if (turn.ifVersion !== undefined && turn.ifVersion !== rejection.version)
        throw new VersionMismatchError(turn.ifVersion, rejection.version);
      rejectTooManyPins(turn, rejection, source);
      this.conversations.noteModel(id, rejection.model);
      if (turn.model !== rejection.model)
        turn = { ...turn, model: rejection.model, events: await source.normalize(rejection.model) };
      // Otherwise the conversation was created or reached the expected version between the two statements.
    }
    throw new Error(`an append was rejected ${MAX_ATTEMPTS} times, each time without a lasting reason`);
  }

  /**
   * @param lockFor counts the tokens again while the conversation is locked; undefined to write without that
   * @returns no event if the turn was rejected: see `EventLogRepository.append`, or the key is used
   */
  private async write(
    id: ConversationId,
    turn: NormalizedTurn,
    lockFor: TurnSource | undefined,
  ): Promise<AppendedEvent[]> {
    try {
      return await (lockFor ? this.writeLocked(id, turn, lockFor) : this.queue.append(id, turn));
    } catch (error) {
      if (turn.idempotencyKey !== undefined && isUniqueViolation(error)) return [];
      // The lookup of the reason decides: a used key comes first.
      if (error instanceof ConversationNotFoundError || error instanceof TombstonedError) return [];
      throw error;
    }
  }

  private writeLocked(
    id: ConversationId,
    turn: NormalizedTurn,
    { normalize }: TurnSource,
  ): Promise<AppendedEvent[]> {
    return this.database.transaction(async (tx) => {
      const { model } = await this.conversations.lock(tx, id);
      const events = model === turn.model ? turn.events : await normalize(model);
      return this.log.append({ ...turn, id, model, events }, tx);
    });
  }

  /**
   * The turn that was stored under the same idempotency key.
   *
   * @throws IdempotencyConflictError (409) its content differs
   */
  private async storedTurn(
    id: ConversationId,
    { events }: NormalizedTurn,
    { turnSeq, turnSize }: AppendRejection,
  ): Promise<AppendedEvent[]> {
    if (turnSeq === null || turnSize !== events.length) throw new IdempotencyConflictError();
    const range = { fromSeq: turnSeq, toSeq: turnSeq + turnSize - 1 };
    const stored = await this.log.forward(id, range, turnSize, Number.MAX_SAFE_INTEGER);
    for (const [index, { body }] of stored.entries()) {
      const isEqual = await runCooperatively(jsonEqualsTask(body, events[index]?.body ?? ''));
      if (!isEqual) throw new IdempotencyConflictError();
    }
    return stored;
  }
}

/** @throws InvalidPayloadError (400) the conversation would have too many pinned events; names those that are too many */
function rejectTooManyPins(
  { events }: NormalizedTurn,
  { pinnedCount }: AppendRejection,
  { eventPath }: TurnSource,
): void {
  const tooMany = pinnedIndexes(events).slice(MAX_PINNED_EVENTS - pinnedCount);
  if (tooMany.length === 0) return;
  const message =
    `must not be true: the conversation has ${pinnedCount} pinned events, and can have ${MAX_PINNED_EVENTS}; ` +
    'append the event without it, or pin one event that says what several say';
  throw new InvalidPayloadError(tooMany.map((index) => ({ path: `${eventPath(index)}.pinned`, message })));
}
