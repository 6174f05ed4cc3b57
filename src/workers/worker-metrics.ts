import { setTimeout as delay } from 'node:timers/promises';
import { AggregatorRegistry } from 'prom-client';
import type { MetricValues } from './messages.js';
import type { WorkerProcess } from './worker-process.js';

/** How long a read waits for a worker, in milliseconds. The last values of a worker that takes longer are used. */
const COLLECT_TIMEOUT_MS = 1000;

/**
 * The metrics of all workers as one. Each metric says how its values are combined (`aggregator`, by default their sum).
 * Counters never decrease when a worker ends: what it has counted until the last read is kept.
 */
export class WorkerMetrics {
  /** Counters and histograms of workers that have ended. */
  private ended: MetricValues[] = [];
  private exits = 0;
  private reading?: Promise<string>;

  /** @param workers those that run */
  constructor(
    private readonly workers: ReadonlySet<WorkerProcess>,
    private readonly nodeName: string,
  ) {}

  /** The text format of Prometheus. Reads at the same time share one result. */
  read(): Promise<string> {
    return (this.reading ??= this.collect().finally(() => (this.reading = undefined)));
  }

  /** Keeps what a worker has counted. Call it when the worker has ended and is no longer in `workers`. */
  keep({ metrics }: WorkerProcess): void {
    this.exits += 1;
    const counted = metrics.filter(
      ({ type, aggregator }) => ['counter', 'histogram'].includes(type) && aggregator === 'sum',
    );
    this.ended = AggregatorRegistry.aggregate([
      this.ended,
      counted,
    ]).getMetricsAsArray() as unknown as MetricValues[];
  }

  private async collect(): Promise<string> {
    const serving = [...this.workers].filter(({ isServing }) => isServing);
    const collected = Promise.all(serving.map((worker) => worker.collect()));
    await Promise.race([collected, delay(COLLECT_TIMEOUT_MS, undefined, { ref: false })]);
    const ofWorkers = [...this.workers].map(({ metrics }) => metrics);
    return AggregatorRegistry.aggregate([...ofWorkers, this.ended, this.ownMetrics()]).metrics();
  }

  private ownMetrics(): MetricValues[] {
    const serving = [...this.workers].filter(({ isServing }) => isServing).length;
    return [
      this.metric('gauge', 'fastpaca_workers', 'Workers that serve requests', serving),
      this.metric('counter', 'fastpaca_worker_exits_total', 'Workers that have ended', this.exits),
    ];
  }

  private metric(type: string, name: string, help: string, value: number): MetricValues {
    return { name, help, type, aggregator: 'sum', values: [{ value, labels: { node: this.nodeName } }] };
  }
}
