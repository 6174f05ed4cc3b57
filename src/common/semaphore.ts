import { UnavailableError } from './errors/common.errors.js';

interface Waiter {
  weight: number;
  proceed: () => void;
}

/**
 * A weighted semaphore: holders together have at most `capacity`. A caller that does not fit waits, for a limited time.
 * The waiter with the smallest weight is next; among equal weights, the one that has waited longest.
 */
export class Semaphore {
  private used = 0;
  /** By ascending weight. */
  private readonly waiters: Waiter[] = [];

  /**
   * @param capacity total weight of the holders; a caller of a greater weight is admitted when there is no other holder
   * @param timeoutMs longest wait in milliseconds; 0 for no limit
   * @param rejection message of the error after that time
   */
  constructor(
    private readonly capacity: number,
    private readonly timeoutMs: number,
    private readonly rejection: string,
  ) {}

  /** Number of callers that wait. */
  get waitingCount(): number {
    return this.waiters.length;
  }

  /**
   * Resolves when the caller is admitted. The caller must then `release` the same weight, once.
   *
   * @throws UnavailableError (503) after `timeoutMs`
   */
  async acquire(weight = 1): Promise<void> {
    if (this.fits(weight)) this.used += weight;
    else await this.wait(weight);
  }

  release(weight = 1): void {
    this.used -= weight;
    for (let next = this.waiters[0]; next && this.fits(next.weight); next = this.waiters[0]) {
      this.waiters.shift();
      this.used += next.weight;
      next.proceed();
    }
  }

  /** Runs `work` while holding a weight of 1. @throws UnavailableError (503) after `timeoutMs` */
  async run<T>(work: () => Promise<T>): Promise<T> {
    await this.acquire();
    try {
      return await work();
    } finally {
      this.release();
    }
  }

  private fits(weight: number): boolean {
    return this.used === 0 || this.used + weight <= this.capacity;
  }

  private wait(weight: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const proceed = () => {
        clearTimeout(timeout);
        resolve();
      };
      const giveUp = () => {
        this.waiters.splice(this.waiters.indexOf(waiter), 1);
        reject(new UnavailableError(this.rejection));
      };
      const waiter: Waiter = { weight, proceed };
      const timeout = this.timeoutMs ? setTimeout(giveUp, this.timeoutMs) : undefined;
      const before = this.waiters.findLastIndex((other) => other.weight <= weight);
      this.waiters.splice(before + 1, 0, waiter);
    });
  }
}
