import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { AppConfig } from '../config/app-config.js';

/** How often a stop looks whether the requests under way have finished. */
const DRAIN_POLL_MS = 10;

/** Where the process is in its life, and how many requests it is busy with. */
@Injectable()
export class Lifecycle implements OnModuleDestroy {
  private state: 'starting' | 'ready' | 'draining' = 'starting';
  private requests = 0;
  private readonly drainListeners: (() => void)[] = [];
  private readonly lateListeners: (() => void)[] = [];

  constructor(private readonly config: AppConfig) {}

  get isReady(): boolean {
    return this.state === 'ready';
  }

  get isDraining(): boolean {
    return this.state === 'draining';
  }

  /** Whether no request is under way. */
  get isIdle(): boolean {
    return this.requests === 0;
  }

  started(): void {
    this.state = 'ready';
  }

  requestBegan(): void {
    this.requests += 1;
  }

  requestEnded(): void {
    this.requests -= 1;
  }

  /** `listener` is called when the service begins to stop, to end what would not end by itself. */
  onDrain(listener: () => void): void {
    this.drainListeners.push(listener);
  }

  /** `listener` is called again and again in the second half of a stop, to end what waits for its client. */
  onLateDrain(listener: () => void): void {
    this.lateListeners.push(listener);
  }

  /** From now on not ready; resolves when the last request under way has ended, or after `timeoutMs`. */
  async drain(timeoutMs: number): Promise<void> {
    if (!this.isDraining) {
      this.state = 'draining';
      for (const listener of this.drainListeners) listener();
    }
    const begin = performance.now();
    const elapsedMs = () => performance.now() - begin;
    while (this.requests > 0 && elapsedMs() < timeoutMs) {
      if (elapsedMs() >= timeoutMs / 2) for (const listener of this.lateListeners) listener();
      await delay(DRAIN_POLL_MS);
    }
  }

  /** An application that is closed is drained first, whoever closes it. */
  async onModuleDestroy(): Promise<void> {
    await this.drain(this.config.shutdownTimeoutMs);
  }
}
