/** Milliseconds for which one turn of the event loop may be held. */
const SHARE_MS = 5;

/** Limits how long small jobs hold the event loop together: when a turn's share is used up, the next job waits. */
export class EventLoopBudget {
  #usedMs = 0;
  #nextTurn?: Promise<void>;

  get usedUp(): boolean {
    return this.#usedMs >= SHARE_MS;
  }

  /** Runs a synchronous job and puts it down to this turn. */
  spend<Result>(job: () => Result): Result {
    const startedAt = performance.now();
    try {
      return job();
    } finally {
      this.#usedMs += performance.now() - startedAt;
      void this.#turn();
    }
  }

  /** Resolves in a turn whose share is not used up. */
  async free(): Promise<void> {
    while (this.usedUp) await this.#turn();
  }

  #turn(): Promise<void> {
    this.#nextTurn ??= new Promise((resolve) => {
      setImmediate(() => {
        this.#usedMs = 0;
        this.#nextTurn = undefined;
        resolve();
      });
    });
    return this.#nextTurn;
  }
}
