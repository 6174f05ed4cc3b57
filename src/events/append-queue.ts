import { Injectable } from '@nestjs/common';
import type { ConversationId } from '../common/conversation-id.js';
import { AppError } from '../common/errors/app-error.js';
import { UnavailableError } from '../common/errors/common.errors.js';
import { AppConfig } from '../config/app-config.js';
import { AppendBatch } from './append-batch.js';
import { EventLogRepository, type AppendedEvent, type TurnToWrite } from './event-log.repository.js';

/** Batches and lone turns on their way at a time, each on a connection. With 1, 2, 3, 4: docs/performance.md. */
const MAX_ON_THE_WAY = 2;
/** A statement that takes longer, in milliseconds, has met a lock or a slow disk: others need not wait for it. */
const SLOW_AFTER_MS = 100;

/** A turn that waits for its commit. */
interface WaitingTurn extends TurnToWrite {
  /** In milliseconds of the monotonic clock: later than this it is not begun any more. */
  startBy: number;
  resolve: (written: AppendedEvent[]) => void;
  reject: (error: unknown) => void;
}

/** Turns by conversation, each conversation's in the order they came. */
type Lanes = Map<string, WaitingTurn[]>;

/**
 * Group commit: what arrives while a commit is under way goes to the database together, in one statement, of whichever
 * conversations; a turn that comes alone takes the short form. Of one conversation one statement is on its way at a
 * time: its turns would queue in the database for the row lock anyway, each holding a connection.
 *
 * Its maps are made anew for each statement. One that is added to and deleted from for ever leaves tables behind that
 * V8 keeps until a full collection, and with them all that was ever in them: 1 kB an append.
 */
@Injectable()
export class AppendQueue {
  private waiting: Lanes = new Map();
  /** The conversations of each statement on its way. */
  private busy: ReadonlySet<string>[] = [];
  private size = 0;
  private onTheWay = 0;
  private awake = false;

  constructor(
    private readonly log: EventLogRepository,
    private readonly config: AppConfig,
  ) {}

  /**
   * Writes the turn, all or none; no rows if the conversation or its guard is against it. A turn that is refused, or
   * that the database finds fault with, takes nothing from the others of its batch.
   *
   * @throws UnavailableError (503) if too many turns wait already, or those before this one have taken longer than the
   *   database's time limit: each may use it up, and the last in the line would wait for them all
   * @throws DatabaseError 23505 on events_idempotency_key if the key was used before
   */
  async append(id: ConversationId, turn: Omit<TurnToWrite, 'id'>): Promise<AppendedEvent[]> {
    if (this.size >= this.config.appendQueueLimit)
      throw new UnavailableError('Too many appends are waiting; retry in a moment');
    this.size += 1;
    try {
      return await new Promise((resolve, reject) => {
        const startBy = performance.now() + this.config.databaseTimeoutMs;
        const lane = this.waiting.get(id.key);
        const waiting = { ...turn, id, startBy, resolve, reject };
        if (lane) lane.push(waiting);
        else this.waiting.set(id.key, [waiting]);
        this.wake();
      });
    } finally {
      this.size -= 1;
    }
  }

  /** Sends what waits once the requests that the event loop has at hand have all been read. */
  private wake(): void {
    if (this.awake || this.waiting.size === 0 || this.onTheWay >= MAX_ON_THE_WAY) return;
    this.awake = true;
    setImmediate(() => {
      this.awake = false;
      this.sendNext();
    });
  }

  private sendNext(): void {
    const batch = new AppendBatch<WaitingTurn>();
    const left: Lanes = new Map();
    for (const [key, lane] of this.waiting) {
      const turns = inTime(lane);
      const count = this.busy.some((keys) => keys.has(key)) ? 0 : batch.take(turns);
      if (count < turns.length) left.set(key, turns.slice(count));
    }
    this.waiting = left;
    if (batch.turns.length === 0) return; // all of them wait for one of their own, which will wake this
    void this.send(batch.turns);
    this.wake();
  }

  private async send(turns: readonly WaitingTurn[]): Promise<void> {
    const keys = this.hold(turns.map(({ id }) => id.key));
    const leave = this.setOut();
    const slow = setTimeout(leave, SLOW_AFTER_MS);
    const undecided = await this.write(turns);
    clearTimeout(slow);
    leave();
    // What the batch could not decide goes on by itself, and holds up no conversation but its own.
    for (const [key, lane] of Map.groupBy(undecided, ({ id }) => id.key)) {
      const own = this.hold([key]);
      void this.writeEach(lane).then(() => this.release(own));
    }
    this.release(keys);
  }

  private hold(keys: readonly string[]): ReadonlySet<string> {
    const held = new Set(keys);
    this.busy = [...this.busy, held];
    return held;
  }

  private release(keys: ReadonlySet<string>): void {
    this.busy = this.busy.filter((each) => each !== keys);
    this.wake();
  }

  /** Takes one of the places on the way. */
  private setOut(): () => void {
    let gone = false;
    this.onTheWay += 1;
    return () => {
      if (gone) return;
      gone = true;
      this.onTheWay -= 1;
      this.wake();
    };
  }

  /** @returns the turns that have to be written one by one */
  private async write(turns: readonly WaitingTurn[]): Promise<readonly WaitingTurn[]> {
    if (turns.length <= 1) return this.writeEach(turns);
    try {
      const outcomes = await this.log.appendBatch(turns);
      return turns.filter((turn, index) => {
        const written = outcomes[index];
        if (written) turn.resolve(written);
        return !written;
      });
    } catch (error) {
      // Not the fault of one of them. What became of the batch may be unknown: to try again could write it twice.
      if (error instanceof AppError) for (const turn of turns) turn.reject(error);
      // The database has found fault with one of them, and written none.
      return error instanceof AppError ? [] : turns;
    }
  }

  private async writeEach(turns: readonly WaitingTurn[]): Promise<[]> {
    for (const turn of turns) {
      // Whatever is thrown here, by a bug too, is its turn's alone: the places of this statement must become free.
      try {
        turn.resolve(await this.log.append(turn));
      } catch (error) {
        turn.reject(error);
      }
    }
    return [];
  }
}

/** The turns that have not waited too long; the others are refused. */
function inTime(lane: WaitingTurn[]): WaitingTurn[] {
  const now = performance.now();
  const start = lane.findIndex(({ startBy }) => startBy >= now);
  const late = start === -1 ? lane : lane.slice(0, start);
  for (const { reject } of late) reject(new UnavailableError('The appends before this one take too long'));
  return start === 0 ? lane : lane.slice(late.length);
}
