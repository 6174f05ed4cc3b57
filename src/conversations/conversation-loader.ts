import { Injectable } from '@nestjs/common';
import type { ConversationId } from '../common/conversation-id.js';
import { MicroBatcher } from '../common/micro-batcher.js';
import type { ConversationRecord } from './conversation.js';
import { ConversationsRepository } from './conversations.repository.js';

/** Statements in flight at a time, each on a connection. */
const MAX_IN_FLIGHT = 2;
/** Records read by one statement. */
const MAX_RECORDS = 256;

interface WaitingRead {
  id: ConversationId;
  resolve: (record: ConversationRecord | undefined) => void;
  reject: (error: unknown) => void;
}

/**
 * Reads records that are needed at about the same time with one statement: every read of a window or of the log begins
 * with one. A record is never older than the call: a statement reads only for calls made before it was sent.
 */
@Injectable()
export class ConversationLoader {
  private readonly waiting: WaitingRead[] = [];
  private readonly batcher = new MicroBatcher(
    MAX_IN_FLIGHT,
    () => this.waiting.length,
    () => this.startStatement(),
  );

  constructor(private readonly conversations: ConversationsRepository) {}

  /** Undefined if the conversation does not exist. */
  find(id: ConversationId): Promise<ConversationRecord | undefined> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ id, resolve, reject });
      this.batcher.schedule();
    });
  }

  private startStatement(): Promise<void> | undefined {
    const reads = this.waiting.splice(0, MAX_RECORDS);
    return reads.length > 0 ? this.read(reads) : undefined;
  }

  private async read(reads: readonly WaitingRead[]): Promise<void> {
    try {
      const [first] = reads;
      const records =
        first && reads.length === 1
          ? [await this.conversations.find(first.id)]
          : await this.conversations.findAll(reads.map(({ id }) => id));
      for (const [index, { resolve }] of reads.entries()) resolve(records[index]);
    } catch (error) {
      for (const { reject } of reads) reject(error);
    }
  }
}
