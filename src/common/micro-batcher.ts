/**
 * Decides when the next batch starts: once the event loop has read all requests that have already arrived, and while
 * fewer than `maxInFlight` batches are in flight. The owner keeps the waiting items and makes the batches.
 */
export class MicroBatcher {
  private inFlight = 0;
  private isScheduled = false;

  /**
   * @param startBatch takes the next batch from the waiting items and starts it. The promise resolves when another batch
   *   may take its place, and never rejects; undefined if no waiting item can start now
   */
  constructor(
    private readonly maxInFlight: number,
    private readonly startBatch: () => Promise<void> | undefined,
  ) {}

  /** To be called when an item has arrived, or when a waiting item has become ready to start. */
  schedule(): void {
    if (this.isScheduled || this.inFlight >= this.maxInFlight) return;
    this.isScheduled = true;
    setImmediate(() => {
      this.isScheduled = false;
      this.startNext();
    });
  }

  private startNext(): void {
    const finished = this.startBatch();
    if (!finished) return;
    this.inFlight += 1;
    void finished.finally(() => {
      this.inFlight -= 1;
      this.schedule();
    });
    this.schedule();
  }
}
