import { UnavailableError } from '../../errors/common.errors.js';

/** Bytes of large bodies that are parsed and handled at a time. Each byte takes about six while it is handled. */
const MAX_BYTES = 8 * 1024 * 1024;
/** Longest a received body waits for its turn, in milliseconds. */
const MAX_WAIT_MS = 3000;

interface Waiting {
  bytes: number;
  start: () => void;
}

/**
 * Has large bodies handled a few at a time, so that the others take no more memory than their bytes. The smallest
 * waiting body is next. One that is larger than the limit has its turn when no other has.
 */
export class BodyTurns {
  private bytes = 0;
  private waiting: Waiting[] = [];
  private readonly maxWaitMs: number;

  constructor({ maxWaitMs = MAX_WAIT_MS } = {}) {
    this.maxWaitMs = maxWaitMs;
  }

  /**
   * Resolves when the body may be handled.
   *
   * @returns ends the turn; may be called more than once
   * @throws UnavailableError (503) it has waited too long
   */
  async take(bytes: number): Promise<() => void> {
    if (!this.fits(bytes)) await this.wait(bytes);
    else this.bytes += bytes;
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      this.bytes -= bytes;
      this.startNext();
    };
  }

  private fits(bytes: number): boolean {
    return this.bytes === 0 || this.bytes + bytes <= MAX_BYTES;
  }

  private wait(bytes: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const start = () => {
        clearTimeout(timer);
        resolve();
      };
      const entry: Waiting = { bytes, start };
      const timer = setTimeout(() => {
        this.waiting = this.waiting.filter((each) => each !== entry);
        reject(new UnavailableError('Too many large bodies are being handled; retry in a moment'));
      }, this.maxWaitMs);
      const after = this.waiting.findIndex((each) => each.bytes > bytes);
      this.waiting.splice(after < 0 ? this.waiting.length : after, 0, entry);
    });
  }

  private startNext(): void {
    for (let next = this.waiting[0]; next && this.fits(next.bytes); next = this.waiting[0]) {
      this.waiting.shift();
      this.bytes += next.bytes;
      next.start();
    }
  }
}
