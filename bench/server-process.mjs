import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { familyCpuMs } from './cpu-time.mjs';
import { measure } from './measure.mjs';

/** A server that is measured: a script of this folder in a process of its own, with the Node.js flags of `npm start`. */
export class ServerProcess {
  /**
   * Starts the script and waits until it is ready. It receives `PORT` and `DATABASE_URL`, and calls `sendReports`.
   *
   * @param database `EmbeddedPostgres`
   */
  static async start(script, database) {
    const port = await freePort();
    const { flags, env } = await startOptions();
    const child = spawn(process.execPath, [...flags, join(import.meta.dirname, script)], {
      env: {
        ...process.env,
        ...env,
        NODE_OPTIONS: '',
        DATABASE_URL: database.url,
        PORT: String(port),
        HOST: '127.0.0.1',
      },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'], // the log is written, and discarded
    });
    const url = `http://127.0.0.1:${port}`;
    await untilReady(url, child);
    return new ServerProcess(child, url, database);
  }

  constructor(child, url, database) {
    this.child = child;
    this.url = url;
    this.database = database;
  }

  /** Measures stalls of the event loop until the next report. */
  watchStalls() {
    return this.#ask('watch');
  }

  /** `longestStallMs` (0 unless `watchStalls` was called before), `residentBytes`, `cpuMicros` */
  report() {
    return this.#ask('report');
  }

  #ask(message) {
    const answer = new Promise((resolve) => this.child.once('message', resolve));
    this.child.send(message);
    return answer;
  }

  /**
   * Sends requests, see load.mjs.
   *
   * @returns its figures, the report of this process, and per response the CPU time of this process and of the database (Linux only)
   * @throws Error unless every response is 2xx or 304
   */
  load(spec) {
    return this.#withReport(async () => {
      const figures = await measure('load.mjs', { url: this.url, ...spec });
      const isBad = Object.keys(figures.statuses).some((status) => status >= 300 && status !== '304');
      if (isBad || figures.errors) throw new Error(`${JSON.stringify(spec)}: ${JSON.stringify(figures)}`);
      return figures;
    });
  }

  /** Reads a large window, see readers.mjs. @returns as `load`, but a status other than 200 counts as an error */
  readLargeWindow(spec) {
    return this.#withReport(() => measure('readers.mjs', { url: this.url, ...spec }));
  }

  async #withReport(run) {
    const { cpuMicros } = await this.report();
    const databaseMs = await familyCpuMs(this.database.pid);
    const figures = await run();
    const report = await this.report();
    return {
      ...report,
      ...figures,
      cpuMicros: (report.cpuMicros - cpuMicros) / figures.responses,
      databaseCpuMicros: (((await familyCpuMs(this.database.pid)) - databaseMs) * 1000) / figures.responses,
    };
  }

  async stop() {
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGTERM');
    await ended;
  }
}

/** The flags of Node.js and the variables with which `npm start` runs the service of a checkout; default: this one. */
export async function startOptions(folder = join(import.meta.dirname, '..')) {
  const { scripts } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const variables = [...scripts.start.matchAll(/\b([A-Z_]+)=(\S+)/g)].map(([, name, value]) => [name, value]);
  return { flags: scripts.start.match(/--\S+/g), env: Object.fromEntries(variables) };
}

/** Waits until the service at `url` is ready. */
export async function untilReady(url, child) {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the service exited with ${child.exitCode}`);
    const ready = await fetch(`${url}/health/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (ready) return;
    await delay(10);
  }
}

export async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}
