import { Injectable } from '@nestjs/common';
import type { ConversationId } from '../common/conversation-id.js';
import { UnavailableError } from '../common/errors/common.errors.js';
import { AppConfig } from '../config/app-config.js';

/**
 * Lets one append per conversation and node be on its way to the database. They would queue there for the row lock
 * anyway, but each holding a connection: one busy conversation would stop all others.
 */
@Injectable()
export class AppendQueue {
  private readonly tails = new Map<string, Promise<unknown>>();
  private waiting = 0;

  constructor(private readonly config: AppConfig) {}

  /** @throws UnavailableError (503) if too many appends wait already */
  async run<T>({ key }: ConversationId, append: () => Promise<T>): Promise<T> {
    if (this.waiting >= this.config.appendQueueLimit)
      throw new UnavailableError('Too many appends are waiting; retry in a moment');
    const before = this.tails.get(key);
    const turn = before ? before.then(append, append) : append();
    this.tails.set(key, turn);
    this.waiting += 1;
    try {
      return await turn;
    } finally {
      this.waiting -= 1;
      if (this.tails.get(key) === turn) this.tails.delete(key);
    }
  }
}
