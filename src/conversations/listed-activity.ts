import { Injectable } from '@nestjs/common';
import { BoundedCache } from '../common/bounded-cache.js';
import type { ConversationId } from '../common/conversation-id.js';
import { log } from '../common/logging/logger.js';
import { MicroBatcher } from '../common/micro-batcher.js';
import { Database } from '../database/database.js';
import { LIST_ACTIVE } from './conversation-lists.sql.js';

const HOUR_MS = 3_600_000;
/** Memory for the hours of conversations, in bytes: about 80,000 of them. */
const MAX_BYTES = 16 * 1024 * 1024;
/** About what an entry takes beside its key, in bytes. */
const ENTRY_OVERHEAD_BYTES = 100;
/** Conversations that one statement moves. It locks their rows. */
const MAX_MOVED = 64;

/** Statements in flight at a time. */
const MAX_IN_FLIGHT = 2;

interface WaitingChange {
  id: ConversationId;
  resolve: () => void;
}

/**
 * Moves conversations in the lists by activity. Entries have only the hour of the last change, so an append, whose statement must not
 * become slower, writes to them only if it is the first of its hour. This node remembers which conversations are listed in which hour.
 */
@Injectable()
export class ListedActivity {
  private readonly listedHours = new BoundedCache<number>(MAX_BYTES);
  private waiting: WaitingChange[] = [];
  private readonly batcher = new MicroBatcher(
    MAX_IN_FLIGHT,
    () => this.waiting.length,
    () => this.moveNext(),
  );

  constructor(private readonly database: Database) {}

  /** The statement that has changed the record has also moved it. */
  noteListed(id: ConversationId, updatedAt: Date): void {
    this.setHour(id, Math.floor(updatedAt.getTime() / HOUR_MS));
  }

  /**
   * To be awaited after a change of the log or the compactions was committed: lists then have the conversation in the hour of this
   * change. Never rejects: the change is stored, and the next one tries again.
   *
   * @returns undefined if there is nothing to wait for
   */
  noteChange(id: ConversationId): Promise<void> | undefined {
    if ((this.listedHours.get(id.key) ?? -1) >= Math.floor(Date.now() / HOUR_MS)) return undefined;
    return new Promise((resolve) => {
      this.waiting.push({ id, resolve });
      this.batcher.schedule();
    });
  }

  private moveNext(): Promise<void> | undefined {
    const changes = this.waiting.slice(0, MAX_MOVED);
    this.waiting = this.waiting.slice(MAX_MOVED);
    return changes.length > 0 ? this.move(changes) : undefined;
  }

  private async move(changes: readonly WaitingChange[]): Promise<void> {
    const ids = [...new Map(changes.map(({ id }) => [id.key, id])).values()];
    // Nodes lock rows in the same order.
    ids.sort((a, b) => (a.key < b.key ? -1 : 1));
    try {
      const values = [ids.map(({ namespace }) => namespace), ids.map(({ id }) => id)];
      const rows = await this.database.query<{ position: number; hour: Date }>(LIST_ACTIVE, values);
      for (const { position, hour } of rows) {
        const id = ids[position - 1];
        if (id) this.noteListed(id, hour);
      }
    } catch (error) {
      log.warn({ err: error }, 'changed conversations were not moved in the lists');
    }
    for (const { resolve } of changes) resolve();
  }

  private setHour({ key }: ConversationId, hour: number): void {
    this.listedHours.set(key, hour, ENTRY_OVERHEAD_BYTES + 2 * key.length);
  }
}
