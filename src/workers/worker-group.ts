import cluster from 'node:cluster';
import { setTimeout as delay } from 'node:timers/promises';
import { announceStart } from '../announce-start.js';
import { checkListenAddress } from '../common/http/listen-address.js';
import { log } from '../common/logging/logger.js';
import type { AppConfig } from '../config/app-config.js';
import { startLocalPostgres, type LocalPostgres } from '../local-postgres.js';
import type { Assignment } from './assignment.js';
import { WorkerMetrics } from './worker-metrics.js';
import { WorkerProcess, type WorkerEnd } from './worker-process.js';

/** Delays before a worker is replaced, in milliseconds; the last one repeats. */
const RESTART_DELAYS_MS = [0, 500, 2000, 5000];
/** After a worker has served for so long, in milliseconds, the delays begin again. */
const STABLE_MS = 10_000;

/** The service is to start workers in a process that is itself a worker of another program. */
export class NestedWorkersError extends Error {
  constructor() {
    super(
      'FASTPACA_WORKERS must be 1 in a process that is a worker of node:cluster, as in the cluster mode of PM2: ' +
        'start the service without that program, or unset FASTPACA_WORKERS',
    );
  }
}

/** The workers of a node and its embedded database, if there is one. Runs in the parent, which serves no request itself. */
export class WorkerGroup {
  private readonly workers = new Set<WorkerProcess>();
  private readonly metrics: WorkerMetrics;
  private isStopping = false;

  private constructor(
    private readonly config: AppConfig,
    private readonly port: number,
    private readonly databaseUrl: string,
    private readonly postgres: LocalPostgres | undefined,
  ) {
    this.metrics = new WorkerMetrics(this.workers, config.nodeName);
    process.once('exit', () => this.killAll());
  }

  /**
   * Resolves when all workers accept requests. None of them listens before all are ready.
   *
   * @throws NestedWorkersError, ListenError
   * @throws Error the first reason why a worker cannot start; then all others have ended, and the database is stopped
   */
  static async start(config: AppConfig): Promise<WorkerGroup> {
    if (cluster.isWorker) throw new NestedWorkersError();
    const port = await checkListenAddress(config);
    const postgres = config.databaseUrl === undefined ? await startLocalPostgres(config) : undefined;
    const group = new WorkerGroup(config, port, postgres?.url ?? config.databaseUrl ?? '', postgres);
    try {
      await group.startAll();
      return group;
    } catch (error) {
      group.isStopping = true;
      group.killAll();
      await Promise.all([...group.workers].map(({ ended }) => ended));
      await postgres?.stop();
      throw error;
    }
  }

  /** Replaces workers that end. Rejects if the start of a new one fails and no other one serves requests. */
  replaceEnded(): Promise<never> {
    return Promise.race([...this.workers].map((worker) => this.keepReplacing(worker)));
  }

  /**
   * Stops all workers gracefully, then the embedded database, within `SHUTDOWN_TIMEOUT_MS`. Kills workers that take longer.
   *
   * @returns whether everything stopped in time
   */
  async stop(): Promise<boolean> {
    this.isStopping = true;
    const isClean = await Promise.race([
      this.stopInOrder(),
      delay(this.config.shutdownTimeoutMs, false, { ref: false }),
    ]);
    this.killAll();
    log.info({ clean: isClean }, 'stopped');
    return isClean;
  }

  private async startAll(): Promise<void> {
    const first = this.fork(this.config.migrateOnBoot);
    await first.prepared;
    const others = Array.from({ length: this.config.workers - 1 }, () => this.fork(false));
    await Promise.all(others.map(({ prepared }) => prepared));
    const started = await Promise.all(
      [first, ...others].map((worker) => {
        worker.listen();
        return worker.listening;
      }),
    );
    if (started[0]) announceStart(started[0], this.config);
  }

  private fork(migrates: boolean): WorkerProcess {
    const { port, databaseUrl } = this;
    const assignment: Assignment = { port, databaseUrl, nodeName: this.config.nodeName, migrates };
    const worker = new WorkerProcess(assignment, () => this.metrics.read());
    this.workers.add(worker);
    worker.listening.then(
      () => log.info({ worker: worker.pid }, 'a worker accepts requests'),
      () => undefined, // it has ended
    );
    void worker.ended.then(() => {
      this.workers.delete(worker);
      this.metrics.keep(worker);
    });
    return worker;
  }

  /** Replaces a worker whenever it ends, until the node stops. */
  private async keepReplacing(worker: WorkerProcess): Promise<never> {
    for (let failures = 0; ; failures += 1) {
      const end = await worker.ended;
      if (end.servedMs >= STABLE_MS) failures = 0;
      const delayMs = RESTART_DELAYS_MS[Math.min(failures, RESTART_DELAYS_MS.length - 1)] ?? 0;
      if (!this.isStopping) {
        // A start that was killed does not show that the next one fails, too.
        if (end.failure && end.signal === null && !this.isServing) throw end.failure;
        logEnd(worker, end, delayMs);
        await delay(delayMs);
      }
      if (this.isStopping) return new Promise(() => undefined);
      worker = this.fork(false);
      worker.prepared.then(
        () => worker.listen(),
        () => undefined, // it has ended
      );
    }
  }

  private get isServing(): boolean {
    return [...this.workers].some(({ isServing }) => isServing);
  }

  private async stopInOrder(): Promise<boolean> {
    const workers = [...this.workers];
    const areClean = await Promise.all(
      workers.map(async (worker) => {
        const { isServing } = worker;
        worker.stop();
        const { code } = await worker.ended;
        return code === 0 || !isServing;
      }),
    );
    await this.postgres?.stop();
    return areClean.every(Boolean);
  }

  private killAll(): void {
    for (const worker of this.workers) worker.kill();
  }
}

function logEnd({ pid }: WorkerProcess, { code, signal, failure }: WorkerEnd, delayMs: number): void {
  const fields = { worker: pid, code, signal, delay_ms: delayMs };
  if (failure) log.error({ ...fields, err: failure }, `a worker cannot start: ${failure.message}`);
  else log.error(fields, 'a worker has ended; starting another one');
}
