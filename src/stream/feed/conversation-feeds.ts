import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { ConversationId } from '../../common/conversation-id.js';
import { log } from '../../common/logging/logger.js';
import { ConversationChanges } from '../../conversations/conversation-changes.js';
import type { ConversationRecord } from '../../conversations/conversation.js';
import { ConversationsService } from '../../conversations/conversations.service.js';
import { WindowService } from '../../window/window.service.js';
import { ChangeReader } from './change-reader.js';
import { ConversationFeed } from './conversation-feed.js';
import { ConversationSource, type FeedServices } from './conversation-source.js';
import type { Subscription } from './subscription.js';

/** How often the conversations with readers are polled, in case a notification was lost, in milliseconds. */
const POLL_INTERVAL_MS = 1000;

/** The feeds of this node: one for each conversation that has readers. Notifications and a poll refresh them. */
@Injectable()
export class ConversationFeeds implements OnModuleInit, OnApplicationShutdown {
  private readonly feeds = new Map<string, ConversationFeed>();
  private readonly services: FeedServices;
  private pollTimer?: NodeJS.Timeout;
  private isPolling = false;

  constructor(
    changes: ChangeReader,
    private readonly conversations: ConversationsService,
    windows: WindowService,
    private readonly notifications: ConversationChanges,
  ) {
    this.services = { changes, conversations, windows };
  }

  onModuleInit(): void {
    this.notifications.onChange(({ key }) => void this.feeds.get(key)?.refresh());
    this.pollTimer = setInterval(() => void this.poll(), POLL_INTERVAL_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.pollTimer);
  }

  /**
   * Subscribes a reader to a conversation.
   *
   * @param record the conversation, just read
   * @param cursor undefined to begin with what changes from now on
   * @returns ends the subscription
   */
  subscribe(
    id: ConversationId,
    record: ConversationRecord,
    subscription: Subscription,
    cursor: number | undefined,
  ): () => void {
    const { key } = id;
    const feed =
      this.feeds.get(key) ?? new ConversationFeed(new ConversationSource(id, this.services), record);
    this.feeds.set(key, feed);
    void feed.subscribe(subscription, cursor, record);
    return () => {
      feed.unsubscribe(subscription);
      if (feed.isIdle) this.feeds.delete(key);
    };
  }

  private async poll(): Promise<void> {
    if (this.isPolling || this.feeds.size === 0) return;
    this.isPolling = true;
    try {
      const feeds = [...this.feeds.values()];
      const records = await this.conversations.getAll(feeds.map(({ source }) => source.id));
      for (const [index, feed] of feeds.entries()) {
        const record = records[index];
        // The feed finds out on its own what it means that there is no record.
        if (!record || feed.differsFrom(record)) void feed.refresh();
      }
    } catch (error) {
      log.warn({ err: error }, 'the streamed conversations could not be polled; retrying');
    } finally {
      this.isPolling = false;
    }
  }
}
