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

  /**
   * @throws UnavailableError (503) if too many appends wait already, or those before this one have taken longer than the
   *   database's time limit: each may use it up, and the last in the line would wait for them all
   */
  async run<T>({ key }: ConversationId, append: () => Promise<T>): Promise<T> {
    if (this.waiting >= this.config.appendQueueLimit)
      throw new UnavailableError('Too many appends are waiting; retry in a moment');
    const startBy = performance.now() + this.config.databaseTimeoutMs;
    const start = () => {
      if (performance.now() > startBy)
        throw new UnavailableError('The appends before this one take too long');
      return append();
    };
    const before = this.tails.get(key);
    const turn = before ? before.then(start, start) : append();
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
