import { Injectable } from '@nestjs/common';
import type { ConversationId } from '../common/conversation-id.js';
import { AppError } from '../common/errors/app-error.js';
import { UnavailableError } from '../common/errors/common.errors.js';
import { MicroBatcher } from '../common/micro-batcher.js';
import { AppConfig } from '../config/app-config.js';
import { AppendBatch } from './append-batch.js';
import { EventLogRepository, type AppendedEvent } from './event-log.repository.js';
import type { TurnToWrite } from './turn-to-write.js';

/** Statements in flight at a time, each on a connection. With 1, 2, 3, 4: docs/performance.md. */
const MAX_IN_FLIGHT = 2;
/** After so many milliseconds a statement no longer counts as in flight: it waits for a lock or a slow disk. */
const SLOW_AFTER_MS = 100;

/** A turn whose caller waits for the commit. */
interface WaitingTurn extends TurnToWrite {
  /** In milliseconds of the monotonic clock. A turn that has not been sent by then is rejected. */
  sendBy: number;
  resolve: (written: AppendedEvent[]) => void;
  reject: (error: unknown) => void;
}

/**
 * Group commit. Turns that arrive while statements are in flight are written together by the next statement, whatever
 * their conversations. A turn that arrives alone is written by the shorter statement for one turn.
 *
 * A conversation is in one statement at a time: its turns would wait for each other's row lock in the database anyway,
 * and each would hold a connection.
 */
@Injectable()
export class AppendQueue {
  /** In the order of arrival. */
  private waiting: WaitingTurn[] = [];
  /**
   * For each statement in flight, its conversations. One long-lived set of all of them would leak for a while: V8 keeps
   * what was deleted from a Set or Map until a full collection, 1 kB per append.
   */
  private busy: readonly ReadonlySet<string>[] = [];
  /** Turns that wait or are in flight. */
  private pending = 0;
  private readonly batcher = new MicroBatcher(
    MAX_IN_FLIGHT,
    () => this.waiting.length,
    () => this.startStatement(),
  );

  constructor(
    private readonly log: EventLogRepository,
    private readonly config: AppConfig,
  ) {}

  /**
   * Writes the turn, all or none of it; resolves with no rows if the conversation or `ifVersion` does not allow it.
   * A turn that is rejected, here or by the database, does not affect the other turns of its batch.
   *
   * @throws UnavailableError (503) if too many turns are pending, or the turn has waited for as long as the time limit of
   *   a statement: each statement before it may take that long, and the last turn would wait for all of them
   * @throws DatabaseError 23505 if the idempotency key was used before
   */
  async append(id: ConversationId, turn: Omit<TurnToWrite, 'id'>): Promise<AppendedEvent[]> {
    if (this.pending >= this.config.appendQueueLimit)
      throw new UnavailableError('Too many appends are waiting; retry in a moment');
    this.pending += 1;
    try {
      return await new Promise((resolve, reject) => {
        const sendBy = performance.now() + this.config.databaseTimeoutMs;
        this.waiting.push({ ...turn, id, sendBy, resolve, reject });
        this.batcher.schedule();
      });
    } finally {
      this.pending -= 1;
    }
  }

  /** @returns when the statement has ended or become slow; undefined if every waiting turn belongs to a busy conversation */
  private startStatement(): Promise<void> | undefined {
    this.rejectExpired();
    const turns = this.takeBatch();
    if (turns.length === 0) return undefined;
    return endOrSlow(
      this.whileBusy(turns, () => (turns.length === 1 ? this.writeEach(turns) : this.writeBatch(turns))),
    );
  }

  /** Turns expire in the order of their arrival. */
  private rejectExpired(): void {
    const now = performance.now();
    const inTime = this.waiting.findIndex(({ sendBy }) => sendBy >= now);
    const expired = this.waiting.splice(0, inTime === -1 ? this.waiting.length : inTime);
    for (const { reject } of expired) reject(tooLate());
  }

  private takeBatch(): readonly WaitingTurn[] {
    const batch = new AppendBatch<WaitingTurn>();
    const isBusy = ({ id }: WaitingTurn) => this.busy.some((conversations) => conversations.has(id.key));
    this.waiting = this.waiting.filter((turn) => isBusy(turn) || !batch.add(turn));
    return batch.turns;
  }

  /** Runs `write` while no other statement may take turns of the same conversations. */
  private async whileBusy(turns: readonly WaitingTurn[], write: () => Promise<void>): Promise<void> {
    const conversations = new Set(turns.map(({ id }) => id.key));
    this.busy = [...this.busy, conversations];
    await write();
    this.busy = this.busy.filter((each) => each !== conversations);
    this.batcher.schedule();
  }

  private async writeBatch(turns: readonly WaitingTurn[]): Promise<void> {
    const undecided = await this.tryBatch(turns);
    // These may wait for a lock. The rest of the batch does not wait with them: only their own conversations stay busy.
    for (const own of Map.groupBy(undecided, ({ id }) => id.key).values())
      void this.whileBusy(own, () => this.writeEach(own));
  }

  /** @returns the turns that the statement did not decide; they must be written one by one */
  private async tryBatch(turns: readonly WaitingTurn[]): Promise<readonly WaitingTurn[]> {
    try {
      const outcomes = await this.log.appendBatch(turns);
      return turns.filter(({ resolve }, index) => {
        const written = outcomes[index];
        if (written) resolve(written);
        return !written;
      });
    } catch (error) {
      // The database found an error in one turn and wrote none of them.
      if (!(error instanceof AppError)) return turns;
      // The database is unavailable, and the batch may have been committed: writing it again could store it twice.
      for (const { reject } of turns) reject(error);
      return [];
    }
  }

  /** Never rejects: an error, also one of this code, belongs to the caller of its turn. */
  private async writeEach(turns: readonly WaitingTurn[]): Promise<void> {
    for (const turn of turns) {
      try {
        if (turn.sendBy < performance.now()) throw tooLate();
        turn.resolve(await this.log.append(turn));
      } catch (error) {
        turn.reject(error);
      }
    }
  }
}

function tooLate(): UnavailableError {
  return new UnavailableError('The appends before this one take too long');
}

/** Resolves when the statement has ended, or after `SLOW_AFTER_MS`. */
function endOrSlow(statement: Promise<void>): Promise<void> {
  return new Promise((resolve) => {
    const slow = setTimeout(resolve, SLOW_AFTER_MS);
    void statement.finally(() => {
      clearTimeout(slow);
      resolve();
    });
  });
}
