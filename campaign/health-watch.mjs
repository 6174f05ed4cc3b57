// Requests /health/live of a node continuously, on separate connections, like a supervisor that restarts a node that does not
// respond.
import { setTimeout as delay } from 'node:timers/promises';
import { HttpClient } from './http-client.mjs';

const EVERY_MS = 200;
/** A supervisor waits a few seconds at most. The limit is generous, because the machine of the campaign is busy. */
const LATE_MS = 5000;

export class HealthWatch {
  slowestMs = 0;

  constructor(node, verdict) {
    this.verdict = verdict;
    this.client = new HttpClient(() => node.url);
    this.running = this.run();
  }

  async run() {
    while (!this.over) {
      const { status, ms, problem } = await this.client.send('GET', '/health/live');
      this.slowestMs = Math.max(this.slowestMs, ms);
      this.verdict.highest('slowest health ms', ms);
      if (status !== 200 || ms > LATE_MS)
        this.verdict.broken('responses', `/health/live: ${problem ?? status} after ${Math.round(ms)} ms`);
      await delay(EVERY_MS);
    }
  }

  async stop() {
    this.over = true;
    await this.running;
    this.client.close();
  }
}
