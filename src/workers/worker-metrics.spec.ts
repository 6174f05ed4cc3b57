import { describe, expect, it } from '@jest/globals';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { MetricValues } from './messages.js';
import { WorkerMetrics } from './worker-metrics.js';
import type { WorkerProcess } from './worker-process.js';

/** A worker with a registry of its own, as the parent sees it. */
class FakeWorker {
  metrics: MetricValues[] = [];
  isServing = true;
  /** Answers `collect` late: after the parent has stopped waiting. */
  isHanging = false;
  readonly counter: Counter;
  readonly histogram: Histogram;
  readonly gauge: Gauge;
  readonly slowest: Gauge;
  private readonly registry = new Registry();

  constructor() {
    this.registry.setDefaultLabels({ node: 'n' });
    const registers = [this.registry];
    this.counter = new Counter({ name: 'c_total', help: 'c', labelNames: ['kind'], registers });
    this.histogram = new Histogram({ name: 'h', help: 'h', buckets: [1, 10], registers });
    this.gauge = new Gauge({ name: 'g', help: 'g', registers });
    this.slowest = new Gauge({ name: 'slowest', help: 's', aggregator: 'max', registers });
  }

  async collect(): Promise<void> {
    if (this.isHanging) await new Promise(() => undefined);
    this.metrics = (await this.registry.getMetricsAsJSON()) as unknown as MetricValues[];
  }

  asProcess(): WorkerProcess {
    return this as unknown as WorkerProcess;
  }
}

function group(...workers: FakeWorker[]) {
  const running = new Set(workers.map((worker) => worker.asProcess()));
  const metrics = new WorkerMetrics(running, 'n');
  return {
    read: () => metrics.read(),
    end(worker: FakeWorker) {
      running.delete(worker.asProcess());
      metrics.keep(worker.asProcess());
    },
    add: (worker: FakeWorker) => running.add(worker.asProcess()),
  };
}

describe('the metrics of several workers', () => {
  it('are sums, except those with an aggregator of their own', async () => {
    const [a, b] = [new FakeWorker(), new FakeWorker()];
    a.counter.inc({ kind: 'x' }, 2);
    b.counter.inc({ kind: 'x' }, 3);
    b.counter.inc({ kind: 'y' });
    a.histogram.observe(0.5);
    b.histogram.observe(5);
    for (const [worker, value] of [
      [a, 7],
      [b, 4],
    ] as const) {
      worker.gauge.set(value);
      worker.slowest.set(value);
    }
    const text = await group(a, b).read();
    for (const line of [
      'c_total{kind="x",node="n"} 5',
      'c_total{kind="y",node="n"} 1',
      'h_bucket{le="1",node="n"} 1',
      'h_bucket{le="+Inf",node="n"} 2',
      'h_sum{node="n"} 5.5',
      'h_count{node="n"} 2',
      'g{node="n"} 11',
      'slowest{node="n"} 7',
      'fastpaca_workers{node="n"} 2',
      'fastpaca_worker_exits_total{node="n"} 0',
    ])
      expect(text.split('\n')).toContain(line);
  });

  it('keep the counters and histograms of workers that have ended, and no gauges', async () => {
    const [a, b] = [new FakeWorker(), new FakeWorker()];
    const all = group(a, b);
    a.counter.inc({ kind: 'x' }, 2);
    a.histogram.observe(0.5);
    a.gauge.set(7);
    b.gauge.set(1);
    await all.read();
    all.end(a);
    const next = new FakeWorker();
    all.add(next);
    next.counter.inc({ kind: 'x' });
    expect((await all.read()).split('\n')).toEqual(
      expect.arrayContaining(['c_total{kind="x",node="n"} 3', 'h_count{node="n"} 1', 'g{node="n"} 1']),
    );
    all.end(next);
    expect((await all.read()).split('\n')).toEqual(
      expect.arrayContaining([
        'c_total{kind="x",node="n"} 3',
        'fastpaca_workers{node="n"} 1',
        'fastpaca_worker_exits_total{node="n"} 2',
      ]),
    );
  });

  it('contain the last values of a worker that does not answer', async () => {
    const [a, b] = [new FakeWorker(), new FakeWorker()];
    const all = group(a, b);
    a.counter.inc({ kind: 'x' });
    await all.read();
    a.isHanging = true;
    b.counter.inc({ kind: 'x' });
    expect(await all.read()).toContain('c_total{kind="x",node="n"} 2');
  });
});
