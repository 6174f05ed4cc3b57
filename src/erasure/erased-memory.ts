import { Inject, Injectable, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { log } from '../common/logging/logger.js';
import { ConversationCaches } from '../conversations/conversation-caches.js';
import { ErasureRecords } from '../conversations/erasure-records.js';
import { TOKEN_ESTIMATOR, type TokenEstimator } from '../tokens/token-estimator.js';

/** How often each node asks which conversations were erased, in milliseconds. It needs no notification, so none can be lost. */
const POLL_INTERVAL_MS = 2000;
/**
 * The erasures of so many milliseconds before the last poll are read again: their transactions may have committed after it, and reads
 * that began before them may have put something into a cache since.
 */
const REPEATED_MS = 30_000;
/** Most erasures that are read at a time: the newest. */
const MAX_READ = 10_000;

/** Makes this node forget what it keeps in memory of conversations that were erased, on this or on another node. */
@Injectable()
export class ErasedMemory implements OnModuleInit, BeforeApplicationShutdown {
  private timer?: NodeJS.Timeout;
  private isPolling = false;
  /** By the clock of the database, except at the start. The caches of a node that starts are empty. */
  private lastPoll = new Date();
  /** The keys of the conversations of the last poll. */
  private forgotten: ReadonlySet<string> = new Set();

  constructor(
    private readonly records: ErasureRecords,
    private readonly caches: ConversationCaches,
    @Inject(TOKEN_ESTIMATOR) private readonly estimator: TokenEstimator,
  ) {}

  onModuleInit(): void {
    this.timer = setInterval(() => void this.pollUnlessBusy(), POLL_INTERVAL_MS).unref();
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** Forgets what was erased lately. @throws Error the database is unavailable */
  async poll(): Promise<void> {
    const since = new Date(this.lastPoll.getTime() - REPEATED_MS);
    const { ids, now } = await this.records.erasedSince(since, MAX_READ);
    this.lastPoll = now;
    const keys = new Set(ids.map(({ key }) => key));
    if (keys.size > 0) this.caches.forget(keys);
    if (ids.some(({ key }) => !this.forgotten.has(key))) this.forgetTexts();
    this.forgotten = keys;
  }

  private forgetTexts(): void {
    this.estimator.forget?.();
    // V8 keeps the text that a regular expression has matched last.
    /\s/.test(' ');
  }

  private async pollUnlessBusy(): Promise<void> {
    if (this.isPolling) return;
    this.isPolling = true;
    try {
      await this.poll();
    } catch (error) {
      log.warn({ err: error }, 'it is not known which conversations were erased; retrying');
    } finally {
      this.isPolling = false;
    }
  }
}
