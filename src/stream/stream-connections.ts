import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { AppConfig } from '../config/app-config.js';
import { Lifecycle } from '../lifecycle/lifecycle.js';
import { ConversationFeeds } from './feed/conversation-feeds.js';
import { Subscription } from './feed/subscription.js';
import type { StreamRequest } from './stream-admission.js';
import { CLOSE, type StreamTransport } from './stream-transport.js';

/** What a transport reports of its reader. */
export interface StreamConnection {
  /** The reader has shown that it is alive. */
  markAlive: () => void;
  /** The connection has ended. */
  markDisconnected: () => void;
}

/** How often idle readers are looked for, in milliseconds: they are closed at most this much later than configured. */
const MAX_IDLE_CHECK_INTERVAL_MS = 1000;

/** How long a shutdown waits for readers to disconnect, and how often it checks, in milliseconds. */
const SHUTDOWN_TIMEOUT_MS = 1000;
const SHUTDOWN_CHECK_INTERVAL_MS = 10;

/** The connected readers of this node: pings them, closes those that are idle, and closes all at shutdown. */
@Injectable()
export class StreamConnections implements OnModuleInit, BeforeApplicationShutdown {
  private readonly connected = new Map<Subscription, { aliveAtMs: number }>();
  private timers: NodeJS.Timeout[] = [];

  constructor(
    private readonly feeds: ConversationFeeds,
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

  /** Runs before the HTTP server closes: that would wait for open event streams forever, and cut websockets off. */
  async beforeApplicationShutdown(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer);
    const end = performance.now() + SHUTDOWN_TIMEOUT_MS;
    while (this.connected.size && performance.now() < end) await delay(SHUTDOWN_CHECK_INTERVAL_MS);
  }

  /** Subscribes the reader at the other end of `transport` to its conversation. */
  connect(
    { id, record, cursor, includeEvents }: StreamRequest,
    transport: StreamTransport,
  ): StreamConnection {
    const subscription = new Subscription(transport, includeEvents, cursor ?? record.version);
    const heartbeat = { aliveAtMs: performance.now() };
    this.connected.set(subscription, heartbeat);
    // Nest keeps the websocket that has connected last, and with it these functions: they must not keep the conversation.
    let unsubscribe: (() => void) | undefined = this.feeds.subscribe(id, record, subscription, cursor);
    // The service may have begun to stop after the stream was admitted.
    if (this.lifecycle.isDraining) closeForShutdown(subscription);
    return {
      markAlive: () => (heartbeat.aliveAtMs = performance.now()),
      markDisconnected: () => {
        subscription.markDisconnected();
        this.connected.delete(subscription);
        unsubscribe?.();
        unsubscribe = undefined;
      },
    };
  }

  private ping(): void {
    for (const subscription of this.connected.keys()) subscription.sendPing();
  }

  private closeIdle(): void {
    const idleSinceMs = performance.now() - this.config.streamIdleTimeoutMs;
    for (const [subscription, { aliveAtMs }] of this.connected)
      if (aliveAtMs <= idleSinceMs) subscription.close(CLOSE.idle, 'the reader shows no sign of life');
  }

  private closeAll(): void {
    for (const subscription of this.connected.keys()) closeForShutdown(subscription);
  }
}

function closeForShutdown(subscription: Subscription): void {
  subscription.close(CLOSE.goingAway, 'the service is stopping');
}
