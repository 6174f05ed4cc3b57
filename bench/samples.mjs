import { quantile } from './quantile.mjs';

/** The requests of one measurement. It ends after `durationS` seconds, or after `amount` requests. */
export class Samples {
  times = [];
  startedAt = performance.now();
  begun = 0;

  constructor({ durationS, amount = Infinity }) {
    this.amount = amount;
    this.endsAt = durationS === undefined ? Infinity : this.startedAt + durationS * 1000;
  }

  /** Whether there is a next request. */
  begin() {
    const now = performance.now();
    if (this.begun >= this.amount || now >= this.endsAt) return false;
    this.begun += 1;
    return true;
  }

  /** A response has arrived. @param ms how long the request took */
  add(ms) {
    this.lastAt = performance.now();
    this.times.push(ms);
  }

  figures() {
    return {
      responses: this.times.length,
      perSecond: (this.times.length * 1000) / (this.lastAt - this.startedAt),
      p50Ms: quantile(this.times, 0.5),
      p95Ms: quantile(this.times, 0.95),
      p99Ms: quantile(this.times, 0.99),
    };
  }
}
