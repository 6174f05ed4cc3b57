import { Injectable, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { log } from '../common/logging/logger.js';
import { ErasureRecords } from '../conversations/erasure-records.js';
import { Lifecycle } from '../lifecycle/lifecycle.js';
import { ErasureService } from './erasure.service.js';

/** How often each node looks for conversations to erase, and for erasures to go on with, in milliseconds. */
const INTERVAL_MS = 10_000;
/** How many it takes at a time; another node may take the next ones. */
const BATCH = 100;

/**
 * Erases conversations whose time to live has passed, and goes on with erasures that were interrupted, for example because their node has
 * died. An index has the conversations by the time at which the sweeper has to look at them, so it reads no others.
 */
@Injectable()
export class ErasureSweeper implements OnModuleInit, BeforeApplicationShutdown {
  private timer?: NodeJS.Timeout;
  private isSweeping = false;

  constructor(
    private readonly records: ErasureRecords,
    private readonly erasures: ErasureService,
    private readonly lifecycle: Lifecycle,
  ) {}

  onModuleInit(): void {
    this.timer = setInterval(() => void this.sweepUnlessBusy(), INTERVAL_MS).unref();
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** Erases everything that has expired, and completes some interrupted erasures. @throws Error the database is unavailable */
  async sweep(): Promise<void> {
    let looked = BATCH;
    while (looked === BATCH && !this.lifecycle.isDraining) looked = await this.erasures.eraseExpired(BATCH);
    const taken = await this.records.takeInterrupted(BATCH);
    await Promise.all(taken.map((id) => this.erasures.deleteTexts(id)));
  }

  private async sweepUnlessBusy(): Promise<void> {
    if (this.isSweeping) return;
    this.isSweeping = true;
    try {
      await this.sweep();
    } catch (error) {
      log.warn({ err: error }, 'erased conversations could not be deleted completely; retrying');
    } finally {
      this.isSweeping = false;
    }
  }
}
