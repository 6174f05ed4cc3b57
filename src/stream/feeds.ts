import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { ConversationId } from '../common/conversation-id.js';
import { log } from '../common/logging/logger.js';
import { ConversationChanges } from '../conversations/conversation-changes.js';
import type { ConversationRecord } from '../conversations/conversation.js';
import { ConversationsService } from '../conversations/conversations.service.js';
import { WindowService } from '../window/window.service.js';
import { ChangeJournal } from './change-journal.js';
import { ConversationFeed } from './conversation-feed.js';
import type { Subscription } from './subscription.js';

/** How often the conversations that have readers are looked at, for what no hint told of, in milliseconds. */
const POLL_INTERVAL_MS = 1000;

/** The feeds of this node, one per conversation that has readers, and what wakes them. */
@Injectable()
export class Feeds implements OnModuleInit, OnApplicationShutdown {
  private readonly feeds = new Map<string, { id: ConversationId; feed: ConversationFeed }>();
  private poll?: NodeJS.Timeout;
  private polling = false;

  constructor(
    private readonly journal: ChangeJournal,
    private readonly conversations: ConversationsService,
    private readonly windows: WindowService,
    private readonly changes: ConversationChanges,
  ) {}

  onModuleInit(): void {
    this.changes.onChange((id) => this.feeds.get(id.key)?.feed.wake());
    this.poll = setInterval(() => void this.pollOnce(), POLL_INTERVAL_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.poll);
  }

  /**
   * Has a reader follow a conversation.
   *
   * @param conversation its record, just read
   * @returns what to call when the reader is gone
   */
  subscribe(
    id: ConversationId,
    conversation: ConversationRecord,
    subscription: Subscription,
    cursor: number | undefined,
  ): () => void {
    const { key } = id;
    const sources = { journal: this.journal, conversations: this.conversations, windows: this.windows };
    const entry = this.feeds.get(key) ?? { id, feed: new ConversationFeed(id, sources, conversation) };
    this.feeds.set(key, entry);
    void entry.feed.subscribe(subscription, cursor, conversation);
    return () => {
      entry.feed.leave(subscription);
      if (entry.feed.isIdle) this.feeds.delete(key);
    };
  }

  private async pollOnce(): Promise<void> {
    if (this.polling || this.feeds.size === 0) return;
    this.polling = true;
    try {
      const entries = [...this.feeds.values()];
      const found = await this.conversations.getAll(entries.map(({ id }) => id));
      for (const [index, conversation] of found.entries()) {
        const feed = entries[index]?.feed;
        // One that is not there any more is found out by the feed itself.
        if (!conversation || feed?.differsFrom(conversation)) feed?.wake();
      }
    } catch (error) {
      log.warn({ err: error }, 'the streams could not be polled; it will be tried again');
    } finally {
      this.polling = false;
    }
  }
}
