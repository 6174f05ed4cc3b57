import { Injectable } from '@nestjs/common';
import type { ConversationId } from '../common/conversation-id.js';
import { EventLogRepository } from './event-log.repository.js';

/** Most events, and bytes of bodies, that are read at a time. */
const READ_EVENTS = 1000;
const READ_BYTES = 1024 * 1024;

/** Reads and deletes the log of a conversation that was erased. */
@Injectable()
export class LogErasure {
  constructor(private readonly log: EventLogRepository) {}

  /** The stored text of every event, by seq. */
  async *texts(id: ConversationId): AsyncGenerator<string> {
    let seq = 0;
    for (;;) {
      const range = { fromSeq: seq + 1, toSeq: Number.MAX_SAFE_INTEGER };
      const events = await this.log.forward(id, range, READ_EVENTS, READ_BYTES);
      for (const { body } of events) yield body;
      const last = events.at(-1);
      if (!last) return;
      seq = last.seq;
    }
  }

  /**
   * Deletes the oldest events after a seq: at most 1,000, and about 8 MiB.
   *
   * @returns the seq of the last one; undefined if there was none
   */
  deleteBatch(id: ConversationId, afterSeq: number): Promise<number | undefined> {
    return this.log.deleteBatch(id, afterSeq);
  }
}
