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
  lane: Lane;
  /** In milliseconds of the monotonic clock: later than this it is not begun any more. */
  startBy: number;
  resolve: (written: AppendedEvent[]) => void;
  reject: (error: unknown) => void;
}

/** The turns of one conversation, in the order they came. */
interface Lane {
  key: string;
  waiting: WaitingTurn[];
}

/**
 * Group commit: what arrives while a commit is under way goes to the database together, in one statement, of whichever
 * conversations; a turn that comes alone takes the short form. Of one conversation one statement is on its way at a
 * time: its turns would queue in the database for the row lock anyway, each holding a connection.
 */
@Injectable()
export class AppendQueue {
  private readonly lanes = new Map<string, Lane>();
  /** Lanes with turns that wait, and none on the way. */
  private readonly ready = new Set<Lane>();
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
        const lane = this.laneOf(id);
        lane.waiting.push({ ...turn, id, lane, startBy, resolve, reject });
        this.wake();
      });
    } finally {
      this.size -= 1;
    }
  }

  private laneOf({ key }: ConversationId): Lane {
    let lane = this.lanes.get(key);
    if (!lane) {
      lane = { key, waiting: [] };
      this.lanes.set(key, lane);
      this.ready.add(lane);
    }
    return lane;
  }

  /** Sends what waits once the requests that the event loop has at hand have all been read. */
  private wake(): void {
    if (this.awake || this.onTheWay >= MAX_ON_THE_WAY) return;
    this.awake = true;
    setImmediate(() => {
      this.awake = false;
      while (this.onTheWay < MAX_ON_THE_WAY && this.ready.size) this.sendNext();
    });
  }

  private sendNext(): void {
    const batch = new AppendBatch<WaitingTurn>();
    const taken: Lane[] = [];
    for (const lane of this.ready) {
      refuseLate(lane.waiting);
      const count = batch.take(lane.waiting);
      if (count === 0 && lane.waiting.length) break; // the batch is full
      lane.waiting.splice(0, count);
      this.ready.delete(lane);
      taken.push(lane);
    }
    void this.send(batch.turns, taken);
  }

  private async send(turns: readonly WaitingTurn[], lanes: readonly Lane[]): Promise<void> {
    const leave = this.setOut();
    const slow = setTimeout(leave, SLOW_AFTER_MS);
    const undecided = await this.write(turns);
    clearTimeout(slow);
    leave();
    const held = new Set(undecided.map(({ lane }) => lane));
    for (const lane of lanes) if (!held.has(lane)) this.release(lane);
    // What the batch could not decide goes on by itself, and holds up no conversation but its own.
    for (const lane of held)
      void this.writeEach(undecided.filter((turn) => turn.lane === lane)).then(() => this.release(lane));
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

  private release(lane: Lane): void {
    if (lane.waiting.length === 0) this.lanes.delete(lane.key);
    else {
      this.ready.add(lane);
      this.wake();
    }
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
    for (const turn of turns) await this.log.append(turn).then(turn.resolve, turn.reject);
    return [];
  }
}

/** Takes off the turns that have waited too long. */
function refuseLate(waiting: WaitingTurn[]): void {
  const now = performance.now();
  const inTime = waiting.findIndex(({ startBy }) => startBy >= now);
  for (const late of waiting.splice(0, inTime === -1 ? waiting.length : inTime))
    late.reject(new UnavailableError('The appends before this one take too long'));
}
