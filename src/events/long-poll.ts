import { Injectable } from '@nestjs/common';
import type { ConversationId } from '../common/conversation-id.js';
import { UnavailableError } from '../common/errors/common.errors.js';
import { AppConfig } from '../config/app-config.js';
import { ConversationChanges } from '../conversations/conversation-changes.js';
import { ConversationsService } from '../conversations/conversations.service.js';
import { Lifecycle } from '../lifecycle/lifecycle.js';

/** How often a waiting reader looks by itself, for what it was not woken for, in milliseconds. */
const LOOK_INTERVAL_MS = 1000;

/** Readers that wait at the end of a log. There may be as many as streams. */
@Injectable()
export class LongPoll {
  private waiting = 0;

  constructor(
    private readonly conversations: ConversationsService,
    private readonly changes: ConversationChanges,
    private readonly lifecycle: Lifecycle,
    private readonly config: AppConfig,
  ) {}

  /**
   * Resolves when the log has gone beyond `seq`, or will not any more, or after `waitMs`.
   *
   * @throws UnavailableError (503) if too many wait already
   */
  async waitForEvents(id: ConversationId, seq: number, waitMs: number): Promise<void> {
    if (this.waiting >= this.config.streamMaxConnections)
      throw new UnavailableError('Too many readers are waiting');
    this.waiting += 1;
    try {
      const end = performance.now() + waitMs;
      for (let left = waitMs; left > 0 && !this.lifecycle.isDraining; left = end - performance.now()) {
        // Listening begins before the look, so that nothing falls between.
        const change = this.changes.next(id, Math.min(left, LOOK_INTERVAL_MS));
        const { lastSeq, tombstonedAt } = await this.conversations.get(id);
        if (lastSeq > seq || tombstonedAt) return;
        await change;
      }
    } finally {
      this.waiting -= 1;
    }
  }
}
