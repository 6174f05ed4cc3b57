import { AsyncLocalStorage } from 'node:async_hooks';

/** Most items that wait. */
const MAX_WAITING = 256;

/**
 * Processes items one at a time, in the order of their arrival, beside everything else that the node does. It is for work that may be
 * lost: what does not fit and what still waits at the end is dropped.
 */
export class BackgroundQueue<Item> {
  private readonly waiting: Item[] = [];
  private running: Promise<void> | undefined;
  private isStopped = false;
  /** Calls a function outside the request that adds an item: its log lines and spans must not get the work of other requests. */
  private readonly outsideRequest = AsyncLocalStorage.snapshot();

  /** @param process must not reject */
  constructor(private readonly process: (item: Item) => Promise<void>) {}

  /** @returns false if the item was dropped, because 256 items wait already */
  add(item: Item): boolean {
    if (this.isStopped || this.waiting.length >= MAX_WAITING) return false;
    this.waiting.push(item);
    this.running ??= this.outsideRequest(() => this.run());
    return true;
  }

  /** Drops the items that wait. Resolves when the item that is being processed is done. */
  async stop(): Promise<void> {
    this.isStopped = true;
    this.waiting.length = 0;
    await this.running;
  }

  private async run(): Promise<void> {
    await Promise.resolve(); // the caller of `add` first
    for (let item = this.waiting.shift(); item !== undefined; item = this.waiting.shift())
      await this.process(item);
    this.running = undefined;
  }
}
