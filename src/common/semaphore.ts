import { UnavailableError } from './errors/common.errors.js';

/** Limits how many callers do something at a time. The others wait in the order they came, for a limited time. */
export class Semaphore {
  private taken = 0;
  private readonly waiting: (() => void)[] = [];

  /**
   * @param size callers at a time
   * @param timeoutMs longest wait in milliseconds; 0 for no limit
   * @param rejection what a caller is told that has waited so long
   */
  constructor(
    private readonly size: number,
    private readonly timeoutMs: number,
    private readonly rejection: string,
  ) {}

  /** Callers that wait for a slot. */
  get waitingCount(): number {
    return this.waiting.length;
  }

  /**
   * Takes a slot, which the caller must give back with `release`.
   *
   * @throws UnavailableError (503) none became free in time
   */
  async take(): Promise<void> {
    if (this.taken < this.size) {
      this.taken += 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const proceed = () => {
        clearTimeout(timeout);
        resolve();
      };
      const giveUp = () => {
        this.waiting.splice(this.waiting.indexOf(proceed), 1);
        reject(new UnavailableError(this.rejection));
      };
      const timeout = this.timeoutMs ? setTimeout(giveUp, this.timeoutMs) : undefined;
      this.waiting.push(proceed);
    });
  }

  /** Runs `work` with a slot. @throws UnavailableError (503) none became free in time */
  async run<T>(work: () => Promise<T>): Promise<T> {
    await this.take();
    try {
      return await work();
    } finally {
      this.release();
    }
  }

  release(): void {
    const next = this.waiting.shift();
    if (next) next();
    else this.taken -= 1;
  }
}
