import cluster, { type Worker } from 'node:cluster';
import type { StartedService } from '../announce-start.js';
import { toEnvironment, type Assignment } from './assignment.js';
import { closeLostConnections } from './lost-connections.js';
import { fromErrorFields, type MetricValues, type ToParent, type ToWorker } from './messages.js';

/** How a worker has ended. */
export interface WorkerEnd {
  code: number | null;
  signal: string | null;
  /** How long it has served requests, in milliseconds; 0 if it never has. */
  servedMs: number;
  /** Why it never served requests. */
  failure?: Error;
}

/** A worker, as the parent sees it. */
export class WorkerProcess {
  /** Resolves when the worker is ready to listen; rejects if it ends before. */
  readonly prepared: Promise<void>;
  /** Resolves when the worker accepts requests; rejects if it ends before. */
  readonly listening: Promise<StartedService>;
  readonly ended: Promise<WorkerEnd>;
  /** The last metrics that it has sent. */
  metrics: MetricValues[] = [];
  private readonly worker: Worker;
  private readonly preparation = Promise.withResolvers<undefined>();
  private readonly start = Promise.withResolvers<StartedService>();
  private readonly end = Promise.withResolvers<WorkerEnd>();
  private collection = Promise.withResolvers<undefined>();
  /** Why it cannot start, if it has said so. */
  private failure?: Error;
  private servesSinceMs?: number;
  private hasEnded = false;

  /** @param onRead called when the worker needs the metrics of all workers; returns them */
  constructor(
    assignment: Assignment,
    private readonly onRead: () => Promise<string>,
  ) {
    this.prepared = this.preparation.promise;
    this.listening = this.start.promise;
    this.ended = this.end.promise;
    for (const promise of [this.prepared, this.listening]) promise.catch(() => undefined); // `ended` reports it, too
    this.worker = cluster.fork(toEnvironment(assignment));
    closeLostConnections(this.worker);
    this.worker.on('error', () => undefined); // a message could not be sent; `exit` follows
    this.worker.on('message', (message: ToParent) => void this.receive(message));
    this.worker.once('exit', (code: number | null, signal: string | null) => this.markEnded(code, signal));
  }

  get pid(): number {
    return this.worker.process.pid ?? 0;
  }

  get isServing(): boolean {
    return this.servesSinceMs !== undefined && !this.hasEnded;
  }

  /** Lets the worker accept connections, once it is prepared. */
  listen(): void {
    this.send({ fastpaca: 'listen' });
  }

  /** Asks for its metrics. Resolves when `metrics` is up to date, or the worker has ended. */
  collect(): Promise<unknown> {
    this.send({ fastpaca: 'collect' });
    return Promise.race([this.collection.promise, this.ended]);
  }

  /** Stops a worker that serves requests gracefully, and any other one at once. */
  stop(): void {
    if (this.isServing) this.send({ fastpaca: 'stop' });
    else this.kill();
  }

  kill(): void {
    this.worker.process.kill('SIGKILL');
  }

  private send(message: ToWorker): void {
    if (this.worker.isConnected()) this.worker.send(message);
  }

  private async receive(message: ToParent): Promise<void> {
    switch (message.fastpaca) {
      case 'prepared':
        this.preparation.resolve(undefined);
        break;
      case 'listening':
        this.servesSinceMs = performance.now();
        this.start.resolve(message.started);
        break;
      case 'failed':
        this.failure = fromErrorFields(message.error);
        break;
      case 'collected':
        this.metrics = message.metrics;
        this.collection.resolve(undefined);
        this.collection = Promise.withResolvers();
        break;
      case 'read':
        this.send({ fastpaca: 'metrics', text: await this.onRead() });
        break;
    }
  }

  private markEnded(code: number | null, signal: string | null): void {
    this.hasEnded = true;
    const { servesSinceMs } = this;
    if (servesSinceMs !== undefined) {
      this.end.resolve({ code, signal, servedMs: performance.now() - servesSinceMs });
      return;
    }
    const how = signal === null ? `with exit code ${code}` : `by ${signal}`;
    const failure = this.failure ?? new Error(`worker ${this.pid} has ended ${how} before it could listen`);
    this.preparation.reject(failure);
    this.start.reject(failure);
    this.end.resolve({ code, signal, servedMs: 0, failure });
  }
}
