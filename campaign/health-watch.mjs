// Asks a node for /health/live all the time, on connections of its own, as a supervisor does that restarts it when no
// answer comes.
import { setTimeout as delay } from 'node:timers/promises';
import { HttpClient } from './http-client.mjs';

const EVERY_MS = 200;
/** Supervisors wait for a second or a few; the machine of the campaign is busy itself. */
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
        this.verdict.broken('answers', `/health/live: ${problem ?? status} after ${Math.round(ms)} ms`);
      await delay(EVERY_MS);
    }
  }

  async stop() {
    this.over = true;
    await this.running;
    this.client.close();
  }
}
