import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { ConversationId } from '../common/conversation-id.js';
import { UnavailableError } from '../common/errors/common.errors.js';
import { log } from '../common/logging/logger.js';
import { AppConfig } from '../config/app-config.js';
import type { Conversation } from '../conversations/conversation.js';
import { Lifecycle } from '../health/lifecycle.js';
import { Feeds } from './feeds.js';
import { TooManyStreamsError } from './stream.errors.js';
import { CLOSE, Subscription, type Outlet } from './subscription.js';

/** What a reader asks for; `conversation` is the record, just read. */
export interface StreamRequest {
  id: ConversationId;
  conversation: Conversation;
  cursor: number | undefined;
  includeEvents: boolean;
}

/** A reader that is connected. */
export interface Connection {
  /** The reader has shown that it is there. */
  seen: () => void;
  /** The reader has gone. */
  ended: () => void;
}

/** All readers of this node: how many there may be, whether they are alive, and their end. */
@Injectable()
export class Connections implements OnModuleInit, OnApplicationShutdown {
  private readonly open = new Map<Subscription, { lastSeenMs: number }>();
  private reserved = 0;
  private heartbeat?: NodeJS.Timeout;

  constructor(
    private readonly feeds: Feeds,
    private readonly lifecycle: Lifecycle,
    private readonly config: AppConfig,
  ) {}

  onModuleInit(): void {
    this.heartbeat = setInterval(() => this.beat(), this.config.streamPingIntervalMs).unref();
    this.lifecycle.onDrain(() => this.closeAll());
  }

  onApplicationShutdown(): void {
    clearInterval(this.heartbeat);
    this.closeAll();
  }

  /**
   * Takes a place for a reader that is about to connect.
   *
   * @returns what gives the place back; once it is connected, that is `Connection.ended`
   * @throws TooManyStreamsError (503)
   * @throws UnavailableError (503) when the service is stopping
   */
  reserve(): () => void {
    if (this.lifecycle.isDraining) throw new UnavailableError('The service is stopping');
    const limit = this.config.streamMaxConnections;
    if (this.reserved >= limit) throw new TooManyStreamsError(limit);
    this.reserved += 1;
    let held = true;
    return () => {
      if (held) this.reserved -= 1;
      held = false;
    };
  }

  /** Has a reader follow its conversation. @param release gives its place back */
  connect(request: StreamRequest, outlet: Outlet, release: () => void): Connection {
    const { id, conversation, cursor, includeEvents } = request;
    const subscription = new Subscription(outlet, includeEvents, cursor ?? conversation.version);
    const life = { lastSeenMs: performance.now() };
    this.open.set(subscription, life);
    const { leave, upToDate } = this.feeds.subscribe(id, conversation, subscription, cursor);
    upToDate.catch((error: unknown) => {
      log.warn({ err: error, conversation_id: id.id }, 'a stream could not be brought up to date');
      subscription.close(CLOSE.overloaded, 'the database does not answer; reconnect with your cursor');
    });
    return {
      seen: () => (life.lastSeenMs = performance.now()),
      ended: () => {
        subscription.gone();
        this.open.delete(subscription);
        leave();
        release();
      },
    };
  }

  private beat(): void {
    const deadMs = performance.now() - this.config.streamIdleTimeoutMs;
    for (const [subscription, { lastSeenMs }] of this.open) {
      if (lastSeenMs < deadMs) subscription.close(CLOSE.idle, 'nothing was heard of the reader');
      else subscription.sendPing();
    }
  }

  private closeAll(): void {
    for (const subscription of this.open.keys())
      subscription.close(CLOSE.goingAway, 'the service is stopping');
  }
}
