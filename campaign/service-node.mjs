// A node of the built service, started with the options of `npm start`. Restarts the node when it exits, as a supervisor does.
// Searches its log for secrets, and keeps only the last lines.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort, startOptions } from '../bench/server-process.mjs';
import { HttpClient } from './http-client.mjs';
import { kill, memoryOf, workersOf } from './processes.mjs';
import { until } from './waiting.mjs';

const MAIN = join(import.meta.dirname, '../dist/src/main.js');
/** Maximum number of attempts to start a node. */
const START_ATTEMPTS = 5;
/** Long, because a start may have to recover the database first. */
const START_LIMIT_MS = 120_000;
const STOP_LIMIT_MS = 30_000;
const KEPT_LINES = 5;

export class ServiceNode {
  /**
   * @param name of the node, for evidence
   * @param folder its working folder
   * @param env settings of the service
   * @param context of the scenario
   */
  static async start({ name, folder, env }, { verdict, canary, options, onEnd }) {
    const node = new ServiceNode();
    const port = await freePort();
    const key = `campaign-key-${port}`;
    // Secrets must not appear in a log line or a metric.
    Object.assign(node, { name, folder, verdict, secrets: [canary, key], lastLines: [] });
    onEnd(() => node.abandon());
    node.url = `http://127.0.0.1:${port}`;
    node.headers = { authorization: `Bearer ${key}` };
    node.env = {
      // No other variables of the campaign, because they could be settings of the service.
      ...Object.fromEntries(['PATH', 'HOME', 'TMPDIR'].map((each) => [each, process.env[each] ?? ''])),
      HOST: '127.0.0.1',
      PORT: String(port),
      FASTPACA_API_KEY: key,
      FASTPACA_NODE_NAME: name,
      FASTPACA_WORKERS: String(options.workers),
      ...env,
    };
    node.http = new HttpClient(() => node.url, node.headers);
    await node.launch();
    return node;
  }

  /** Resolves when the node is ready. Waits for a start in progress. */
  async ready(limitMs = START_LIMIT_MS) {
    await until(`${this.name} is ready`, () => this.isReady(), { limitMs });
  }

  async isReady() {
    return (await this.http.send('GET', '/health/ready')).status === 200;
  }

  /** Of the largest process of the node. */
  get memory() {
    const processes = [this.child.pid, ...this.workers].map(memoryOf);
    return {
      now: Math.max(...processes.map(({ now }) => now)),
      peak: Math.max(...processes.map(({ peak }) => peak)),
    };
  }

  /** The process ids of its workers; none if the node is one process. */
  get workers() {
    return workersOf(this.child.pid);
  }

  /** Kills these workers. Resolves when others have replaced them and serve requests. */
  async killWorkers(pids) {
    const count = this.workers.length;
    kill(pids);
    await until(`${this.name} has replaced its workers`, () => this.hasReplaced(pids, count), {
      limitMs: START_LIMIT_MS,
    });
    await this.ready();
  }

  async hasReplaced(pids, count) {
    const { workers } = this;
    if (workers.length !== count || workers.some((pid) => pids.includes(pid))) return false;
    const { status, text } = await this.http.send('GET', '/metrics');
    return status === 200 && Number(/^fastpaca_workers\{.*\} (\d+)$/m.exec(text)?.[1]) === count;
  }

  /** `kill -9`; resolves when the process has ended. */
  async kill() {
    await this.starting;
    this.expectExit = true;
    this.child.kill('SIGKILL');
    await this.exited;
  }

  /** Starts the node on the same port and resolves when it is ready. */
  launch() {
    this.starting = this.launchUntilReady().finally(() => (this.starting = undefined));
    return this.starting;
  }

  /** Stops the node with SIGTERM, as a deployment does. Reports a node that does not stop. */
  async stop() {
    await this.searchMetrics();
    await this.starting?.catch(() => undefined);
    this.expectExit = true;
    this.http.close();
    this.child.kill('SIGTERM');
    if ((await Promise.race([this.exited, delay(STOP_LIMIT_MS, 'late', { ref: false })])) === 'late') {
      this.verdict.broken(
        'survives',
        `${this.name} did not stop within ${STOP_LIMIT_MS / 1000} s of SIGTERM`,
      );
      this.child.kill('SIGKILL');
      await this.exited;
    }
  }

  /** Kills the node at once. */
  abandon() {
    this.abandoned = true;
    this.http.close();
    this.child?.kill('SIGKILL');
  }

  async launchUntilReady() {
    for (let attempt = 1; !this.abandoned; attempt += 1) {
      this.spawn();
      this.verdict.count('node starts');
      const { child } = this;
      const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
      await until(`${this.name} is ready`, async () => hasEnded() || (await this.isReady()), {
        limitMs: START_LIMIT_MS,
      });
      if (!hasEnded() || this.abandoned) return;
      this.verdict.broken('survives', `${this.name} did not start: ${this.lastLines.join(' | ')}`);
      if (attempt === START_ATTEMPTS) throw new Error(`${this.name} did not start ${attempt} times`);
      await delay(200);
    }
  }

  spawn() {
    this.expectExit = false;
    this.child = spawn(process.execPath, [...START.flags, MAIN], {
      cwd: this.folder,
      detached: true, // Ctrl-C must not reach it
      env: { ...START.env, ...this.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    createInterface({ input: this.child.stdout }).on('line', (line) => this.readLine(line));
    createInterface({ input: this.child.stderr }).on('line', (line) => this.readLine(line, true));
    const { child } = this;
    this.exited = new Promise((resolve) => child.once('close', resolve));
    child.once('close', (code, signal) => {
      this.verdict.count('exits', 0);
      if (this.expectExit || this.starting || this.abandoned) return;
      this.verdict.count('exits');
      const last = this.lastLines.join(' | ');
      this.verdict.broken('survives', `${this.name} exited (${signal ?? code}): ${last}`);
      this.launch().catch((error) => this.verdict.broken('survives', error.message));
    });
  }

  readLine(line, isError = false) {
    this.verdict.count('log lines searched');
    const secret = this.secrets.find((each) => line.includes(each));
    if (secret) this.verdict.broken('secret', `${this.name} logged "${secret}": ${line.slice(0, 300)}`);
    if (!isError && !/"level":(50|60)|Error/.test(line)) return;
    this.lastLines.push(line.slice(0, 300));
    if (this.lastLines.length > KEPT_LINES) this.lastLines.shift();
  }

  async searchMetrics() {
    const { status, text } = await this.http.send('GET', '/metrics');
    if (status !== 200) return;
    this.verdict.count('metrics searched', text.split('\n').length);
    for (const secret of this.secrets)
      if (text.includes(secret)) this.verdict.broken('secret', `${this.name} has "${secret}" in /metrics`);
  }
}

const START = await startOptions();
