import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { AppConfig } from '../config/app-config.js';

/** How often `drain` checks whether the requests in flight have finished. */
const DRAIN_POLL_MS = 10;

/** The state of the process (starting, ready or draining), and the number of requests in flight. */
@Injectable()
export class Lifecycle implements OnApplicationBootstrap, OnModuleDestroy {
  private state: 'starting' | 'ready' | 'draining' = 'starting';
  private requestsInFlight = 0;
  private readonly drainListeners: (() => void)[] = [];
  private readonly forceCloseListeners: (() => void)[] = [];

  constructor(private readonly config: AppConfig) {}

  get isReady(): boolean {
    return this.state === 'ready';
  }

  get isDraining(): boolean {
    return this.state === 'draining';
  }

  /** Whether no request is in flight. */
  get isIdle(): boolean {
    return this.requestsInFlight === 0;
  }

  /** All modules are initialized: the service is ready as soon as the application listens. */
  onApplicationBootstrap(): void {
    if (this.state === 'starting') this.state = 'ready';
  }

  requestStarted(): void {
    this.requestsInFlight += 1;
  }

  requestFinished(): void {
    this.requestsInFlight -= 1;
  }

  /** `listener` is called once, when draining begins. It ends what would not end on its own, such as streams. */
  onDrain(listener: () => void): void {
    this.drainListeners.push(listener);
  }

  /**
   * `listener` is called repeatedly in the second half of a drain. It closes connections that wait for their client.
   */
  onForceClose(listener: () => void): void {
    this.forceCloseListeners.push(listener);
  }

  /** Makes the service not ready. Resolves when no request is in flight any more, or after `timeoutMs`. */
  async drain(timeoutMs: number): Promise<void> {
    if (!this.isDraining) {
      this.state = 'draining';
      for (const listener of this.drainListeners) listener();
    }
    const begin = performance.now();
    const elapsedMs = () => performance.now() - begin;
    while (!this.isIdle && elapsedMs() < timeoutMs) {
      if (elapsedMs() >= timeoutMs / 2) for (const listener of this.forceCloseListeners) listener();
      await delay(DRAIN_POLL_MS);
    }
  }

  /** An application that is closed without a drain is drained first. */
  async onModuleDestroy(): Promise<void> {
    await this.drain(this.config.shutdownTimeoutMs);
  }
}
