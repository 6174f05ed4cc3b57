import { Injectable } from '@nestjs/common';
import type { ConversationId } from '../common/conversation-id.js';
import { UnavailableError } from '../common/errors/common.errors.js';
import { AppConfig } from '../config/app-config.js';
import { ConversationChanges } from '../conversations/conversation-changes.js';
import { ConversationsService } from '../conversations/conversations.service.js';
import { Lifecycle } from '../lifecycle/lifecycle.js';

/** How often a waiting reader polls the conversation, in case a notification was lost, in milliseconds. */
const POLL_INTERVAL_MS = 1000;

/** Readers that wait at the end of a log; at most `streamMaxConnections`. */
@Injectable()
export class LongPoll {
  private waitingReaders = 0;

  constructor(
    private readonly conversations: ConversationsService,
    private readonly changes: ConversationChanges,
    private readonly lifecycle: Lifecycle,
    private readonly config: AppConfig,
  ) {}

  /**
   * Resolves when the log has an event after `seq`, when no event can follow (tombstone, shutdown), or after `waitMs`.
   *
   * @throws ConversationNotFoundError (404)
   * @throws UnavailableError (503) too many readers wait already
   */
  async waitForEvents(id: ConversationId, seq: number, waitMs: number): Promise<void> {
    if (this.waitingReaders >= this.config.streamMaxConnections)
      throw new UnavailableError('Too many readers are waiting');
    this.waitingReaders += 1;
    try {
      const deadline = performance.now() + waitMs;
      let remainingMs = waitMs;
      while (remainingMs > 0 && !this.lifecycle.isDraining) {
        // Subscribed before the read, so that no change is missed between the two.
        const change = this.changes.nextChange(id, Math.min(remainingMs, POLL_INTERVAL_MS));
        const { lastSeq, tombstonedAt } = await this.conversations.get(id);
        if (lastSeq > seq || tombstonedAt) return;
        await change;
        remainingMs = deadline - performance.now();
      }
    } finally {
      this.waitingReaders -= 1;
    }
  }
}
