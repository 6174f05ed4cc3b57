import { Injectable } from '@nestjs/common';
import type { ConversationId } from '../common/conversation-id.js';
import type { ConversationRecord } from './conversation.js';
import { ConversationsRepository } from './conversations.repository.js';

/** Reads on their way at a time, each on a connection. */
const MAX_ON_THE_WAY = 2;
/** Records of one statement. */
const MAX_RECORDS = 256;

interface Asked {
  id: ConversationId;
  resolve: (record: ConversationRecord | undefined) => void;
  reject: (error: unknown) => void;
}

/**
 * Reads the records that are asked for at about the same time in one statement, which every read of window and log
 * begins with. A record is never older than the question: only what was asked before a statement sets out is read by it.
 */
@Injectable()
export class ConversationLoader {
  private readonly asked: Asked[] = [];
  private onTheWay = 0;
  private awake = false;

  constructor(private readonly conversations: ConversationsRepository) {}

  /** Undefined if there is no such conversation. */
  find(id: ConversationId): Promise<ConversationRecord | undefined> {
    return new Promise((resolve, reject) => {
      this.asked.push({ id, resolve, reject });
      this.wake();
    });
  }

  private wake(): void {
    if (this.awake || this.asked.length === 0 || this.onTheWay >= MAX_ON_THE_WAY) return;
    this.awake = true;
    setImmediate(() => {
      this.awake = false;
      void this.read(this.asked.splice(0, MAX_RECORDS));
      this.wake();
    });
  }

  private async read(asked: readonly Asked[]): Promise<void> {
    this.onTheWay += 1;
    try {
      const [only] = asked;
      const records =
        only && asked.length === 1
          ? [await this.conversations.find(only.id)]
          : await this.conversations.findAll(asked.map(({ id }) => id));
      for (const [index, { resolve }] of asked.entries()) resolve(records[index]);
    } catch (error) {
      for (const { reject } of asked) reject(error);
    } finally {
      this.onTheWay -= 1;
      this.wake();
    }
  }
}
