/**
 * Decides when the next batch starts, while fewer than `maxInFlight` batches are in flight. The owner keeps the waiting items and
 * makes the batches.
 *
 * Usually a batch starts once the event loop has read all requests that have already arrived. If the last batch had one item and
 * is no longer in flight, items come one at a time, as from one client: then the next item starts at once, and costs no turn
 * of the event loop.
 */
export class MicroBatcher {
  private inFlight = 0;
  private isScheduled = false;
  private isOneAtATime = true;

  /**
   * @param waitingCount how many items wait
   * @param startBatch takes the next batch from the waiting items and starts it. The promise resolves when another batch
   *   may take its place, and never rejects; undefined if no waiting item can start now
   */
  constructor(
    private readonly maxInFlight: number,
    private readonly waitingCount: () => number,
    private readonly startBatch: () => Promise<void> | undefined,
  ) {}

  /** To be called when an item has arrived, or when a waiting item has become ready to start. */
  schedule(): void {
    if (this.isScheduled || this.inFlight >= this.maxInFlight || this.waitingCount() === 0) return;
    this.isScheduled = true;
    const start = () => {
      this.isScheduled = false;
      this.startNext();
    };
    if (this.isOneAtATime && this.inFlight === 0) queueMicrotask(start);
    else setImmediate(start);
  }

  private startNext(): void {
    const count = this.waitingCount();
    const finished = this.startBatch();
    if (!finished) return;
    this.isOneAtATime = count === 1;
    this.inFlight += 1;
    void finished.finally(() => {
      this.inFlight -= 1;
      this.schedule();
    });
    this.schedule();
  }
}
