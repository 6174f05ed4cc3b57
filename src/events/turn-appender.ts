import { Injectable } from '@nestjs/common';
import type { ConversationId } from '../common/conversation-id.js';
import { runCooperatively } from '../common/cooperative-task.js';
import { jsonEqualsTask } from '../common/json/json-equal.js';
import {
  ConversationNotFoundError,
  TombstonedError,
  VersionMismatchError,
} from '../conversations/conversations.errors.js';
import { isUniqueViolation } from '../database/database.errors.js';
import { AppendQueue } from './append-queue.js';
import {
  EventLogRepository,
  type AppendedEvent,
  type AppendRejection,
  type TurnToWrite,
} from './event-log.repository.js';
import { IdempotencyConflictError } from './events.errors.js';

export type { AppendedEvent };

/** A turn whose events are ready to be written. */
export type NormalizedTurn = Omit<TurnToWrite, 'id'>;

export interface AppendedTurn {
  /** One entry per event, seqs consecutive. */
  events: readonly AppendedEvent[];
  /** An earlier append with the same idempotency key has stored this turn; nothing was written now. */
  deduped: boolean;
}

/** How often an append is tried if the reason of its rejection no longer holds when it is looked up. */
const MAX_ATTEMPTS = 5;

/** Appends turns: version check, idempotency, and the reason why a turn was not written. */
@Injectable()
export class TurnAppender {
  constructor(
    private readonly queue: AppendQueue,
    private readonly log: EventLogRepository,
  ) {}

  /** See `EventsService.append`. */
  async append(id: ConversationId, turn: NormalizedTurn): Promise<AppendedTurn> {
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
      const events = await this.write(id, turn);
      if (events.length) return { events, deduped: false };
      const rejection = await this.log.findRejection(id, turn.idempotencyKey);
      if (!rejection) throw new ConversationNotFoundError();
      // First the key: the retry of a committed append succeeds, although its `ifVersion` is stale by now.
      if (rejection.turnSeq !== null)
        return { events: await this.storedTurn(id, turn, rejection), deduped: true };
      if (rejection.tombstoned) throw new TombstonedError();
      if (turn.ifVersion !== undefined && turn.ifVersion !== rejection.version)
        throw new VersionMismatchError(turn.ifVersion, rejection.version);
      // Between the two statements the conversation was created or reached the expected version.
    }
    throw new Error(`an append was rejected ${MAX_ATTEMPTS} times, each time without a lasting reason`);
  }

  /** @returns no event if the turn was rejected: missing, tombstoned, at another version, or the key is used */
  private async write(id: ConversationId, turn: NormalizedTurn): Promise<AppendedEvent[]> {
    try {
      return await this.queue.append(id, turn);
    } catch (error) {
      if (turn.idempotencyKey !== undefined && isUniqueViolation(error)) return [];
      throw error;
    }
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
