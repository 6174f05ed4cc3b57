/** Time for which the jobs of one turn of the event loop may block it, in milliseconds. */
const BUDGET_MS = 5;

/**
 * Limits how long many small synchronous jobs together block the event loop. A caller runs its jobs with `run`; once
 * `isExhausted`, it waits for `available` before the next one.
 */
export class EventLoopBudget {
  #usedMs = 0;
  #nextTurn?: Promise<void>;

  /** Whether the jobs of this turn of the event loop have used up its budget. */
  get isExhausted(): boolean {
    return this.#usedMs >= BUDGET_MS;
  }

  /** Runs a synchronous job and charges its time to this turn. */
  run<Result>(job: () => Result): Result {
    const startedAt = performance.now();
    try {
      return job();
    } finally {
      this.#usedMs += performance.now() - startedAt;
      void this.#resetInNextTurn();
    }
  }

  /** Resolves in a turn whose budget is not exhausted. */
  async available(): Promise<void> {
    while (this.isExhausted) await this.#resetInNextTurn();
  }

  #resetInNextTurn(): Promise<void> {
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
