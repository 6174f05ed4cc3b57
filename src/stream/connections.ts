import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { ConversationId } from '../common/conversation-id.js';
import { UnavailableError } from '../common/errors/common.errors.js';
import { AppConfig } from '../config/app-config.js';
import type { ConversationRecord } from '../conversations/conversation.js';
import { Lifecycle } from '../lifecycle/lifecycle.js';
import { Feeds } from './feeds.js';
import { TooManyStreamsError } from './stream.errors.js';
import { CLOSE, Subscription, type StreamTransport } from './subscription.js';

/** What a reader asks for; `conversation` is the record, just read. */
export interface StreamRequest {
  id: ConversationId;
  conversation: ConversationRecord;
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

/** How often idle readers are looked for, in milliseconds: so much later than configured they are closed at most. */
const MAX_IDLE_CHECK_INTERVAL_MS = 1000;

/** How long a stop waits for readers to take their leave, in milliseconds, and how often it looks. */
const GOODBYE_MS = 1000;
const GOODBYE_POLL_MS = 10;

/** All readers of this node: how many there may be, whether they are alive, and their end. */
@Injectable()
export class Connections implements OnModuleInit, BeforeApplicationShutdown {
  private readonly open = new Map<Subscription, { lastSeenMs: number }>();
  private reserved = 0;
  private timers: NodeJS.Timeout[] = [];

  constructor(
    private readonly feeds: Feeds,
    private readonly lifecycle: Lifecycle,
    private readonly config: AppConfig,
  ) {}

  onModuleInit(): void {
    const { streamPingIntervalMs, streamIdleTimeoutMs } = this.config;
    const idleCheckMs = Math.min(MAX_IDLE_CHECK_INTERVAL_MS, streamIdleTimeoutMs / 10);
    this.timers = [
      setInterval(() => this.ping(), streamPingIntervalMs).unref(),
      setInterval(() => this.closeIdle(), idleCheckMs).unref(),
    ];
    this.lifecycle.onDrain(() => this.closeAll());
  }

  /** Before the HTTP server closes, which would wait for open streams for ever, and cut websockets off. */
  async beforeApplicationShutdown(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer);
    const end = performance.now() + GOODBYE_MS;
    while (this.open.size && performance.now() < end) await delay(GOODBYE_POLL_MS);
  }

  /**
   * Takes a place for a reader that is about to connect.
   *
   * @returns what gives the place back, to be called when the reader's socket closes, whatever has become of it
   * @throws TooManyStreamsError (503)
   * @throws UnavailableError (503) when the service is stopping
   */
  reserve(): () => void {
    if (this.lifecycle.isDraining) throw new UnavailableError('The service is stopping');
    const limit = this.config.streamMaxConnections;
    if (this.reserved >= limit) throw new TooManyStreamsError(limit);
    this.reserved += 1;
    return () => (this.reserved -= 1);
  }

  /** Has a reader follow its conversation. */
  connect({ id, conversation, cursor, includeEvents }: StreamRequest, outlet: StreamTransport): Connection {
    const subscription = new Subscription(outlet, includeEvents, cursor ?? conversation.version);
    const life = { lastSeenMs: performance.now() };
    this.open.set(subscription, life);
    const leave = this.feeds.subscribe(id, conversation, subscription, cursor);
    // It was let in when the service was not stopping yet.
    if (this.lifecycle.isDraining) sayGoodbye(subscription);
    return {
      seen: () => (life.lastSeenMs = performance.now()),
      ended: () => {
        subscription.gone();
        this.open.delete(subscription);
        leave();
      },
    };
  }

  private ping(): void {
    for (const subscription of this.open.keys()) subscription.sendPing();
  }

  private closeIdle(): void {
    const deadMs = performance.now() - this.config.streamIdleTimeoutMs;
    for (const [subscription, { lastSeenMs }] of this.open) {
      if (lastSeenMs <= deadMs) subscription.close(CLOSE.idle, 'nothing was heard of the reader');
    }
  }

  private closeAll(): void {
    for (const subscription of this.open.keys()) sayGoodbye(subscription);
  }
}

function sayGoodbye(subscription: Subscription): void {
  subscription.close(CLOSE.goingAway, 'the service is stopping');
}
