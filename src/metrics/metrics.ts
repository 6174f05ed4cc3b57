import { Injectable } from '@nestjs/common';
import { PRODUCT_VERSION } from '../common/product-version.js';
import { AppConfig } from '../config/app-config.js';
import { Database } from '../database/database.js';
import {
  Counter,
  Gauge,
  Histogram,
  Registry,
  collectDefaultMetrics,
  type Aggregator,
  type MetricObject,
} from 'prom-client';
import { RequestMetrics } from './request-metrics.js';

const LATENCY_BUCKETS_MS = [0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000];
const TOKEN_BUCKETS = [100, 500, 1000, 4000, 16_000, 32_000, 64_000, 128_000, 256_000, 512_000, 1_000_000];

const LAG = 'nodejs_eventloop_lag_';
/** Node.js's minimum of an empty histogram of delays: 2^63 - 1 ns. The mean of an empty histogram is NaN. */
const NO_LAG_RECORDED_S = (2 ** 63 - 1) / 1e9;
/** The way prom-client sets the gauges of event-loop lag. */
interface LagGauge {
  set: (labels: object, seconds: number) => void;
}

/** A histogram of durations in milliseconds. */
class LatencyMs {
  private readonly histogram: Histogram;

  constructor(name: string, help: string, registers: Registry[]) {
    this.histogram = new Histogram({ name, help, buckets: LATENCY_BUCKETS_MS, registers });
  }

  /** @returns a function that records the time since this call */
  startTimer(): () => void {
    const start = performance.now();
    return () => this.histogram.observe(performance.now() - start);
  }
}

/**
 * The Prometheus metrics of the service. Every label has a small, fixed set of values: never a conversation id, a key
 * or text.
 *
 * A team injects this class to add its own metrics to `registry`: `/metrics` then contains them, with the label `node`.
 */
@Injectable()
export class Metrics {
  /** Pass it to a metric as `registers: [metrics.registry]`. Names that begin with `fastpaca_` are reserved. */
  readonly registry = new Registry();
  private readonly registers = [this.registry];

  /** @internal */
  readonly appendLatency = new LatencyMs(
    'fastpaca_append_latency_ms',
    'Time from the validated request to the durable append, in milliseconds',
    this.registers,
  );
  /** @internal */
  readonly windowLatency = new LatencyMs(
    'fastpaca_window_latency_ms',
    'Time to compute one window, in milliseconds',
    this.registers,
  );
  /** @internal */
  readonly snapshotTokens = new Histogram({
    name: 'fastpaca_snapshot_token_count',
    help: 'Tokens in the snapshot of each window that was read, before the budget cuts',
    buckets: TOKEN_BUCKETS,
    registers: this.registers,
  });
  /** @internal */
  readonly windowsRead = new Counter({
    name: 'fastpaca_windows_read_total',
    help: 'Windows that were read; ready="true" for windows served from the cache',
    labelNames: ['ready'],
    registers: this.registers,
  });
  /** @internal */
  readonly compactionRequests = new Counter({
    name: 'fastpaca_compaction_requests_total',
    help: 'Compaction and withdrawal requests, including rejected ones',
    registers: this.registers,
  });
  /** @internal */
  readonly eventsAppended = new Counter({
    name: 'fastpaca_events_appended_total',
    help: 'Events acknowledged by appends, by role; deduped="true" for events that an earlier request had stored',
    labelNames: ['role', 'deduped'],
    registers: this.registers,
  });
  /** @internal */
  readonly usageReports = new Counter({
    name: 'fastpaca_usage_reports_total',
    help: 'Usage reports that came with appends, by outcome: stored, ignored, dropped because too many wait, or failed',
    labelNames: ['outcome'],
    registers: this.registers,
  });
  /** @internal */
  readonly requests = new RequestMetrics(this.registry);

  constructor(database: Database, config: AppConfig) {
    this.registry.setDefaultLabels({ node: config.nodeName });
    collectDefaultMetrics({ register: this.registry }); // includes event-loop lag
    this.keepRecordedLag();
    this.chooseAggregators();
    new Gauge({
      name: 'fastpaca_build_info',
      help: 'Always 1; the labels are the version of Fastpaca and of Node.js',
      labelNames: ['version', 'node_version'],
      aggregator: 'first',
      registers: this.registers,
    }).set({ version: PRODUCT_VERSION, node_version: process.version }, 1);
    new Gauge({
      name: 'fastpaca_pool_connections',
      help: 'Database connections in use and idle, and callers that wait for a connection',
      labelNames: ['state'],
      registers: this.registers,
      collect() {
        const { inUse, idle, waiting } = database.load();
        this.set({ state: 'in_use' }, inUse);
        this.set({ state: 'idle' }, idle);
        this.set({ state: 'waiting' }, waiting);
      },
    });
  }

  /** @internal The response of `/metrics`. With several workers, each one replaces this by the metrics of all workers. */
  read = (): Promise<string> => this.registry.metrics();

  /** Makes the gauges of event-loop lag keep their value if no delay was recorded since the last scrape. */
  private keepRecordedLag(): void {
    for (const { name } of this.registry.getMetricsAsArray().filter(({ name }) => name.startsWith(LAG))) {
      const gauge = this.registry.getSingleMetric(name) as unknown as LagGauge;
      const set = gauge.set.bind(gauge);
      gauge.set = (labels, seconds) => {
        if (seconds < NO_LAG_RECORDED_S) set(labels, seconds);
      };
    }
  }

  /** With several workers, lag is that of the slowest one, and the node has started when its oldest worker has. */
  private chooseAggregators(): void {
    for (const metric of this.registry.getMetricsAsArray() as (MetricObject & { aggregator: Aggregator })[]) {
      if (metric.name.startsWith(LAG) && metric.aggregator !== 'min') metric.aggregator = 'max';
      if (metric.name === 'process_start_time_seconds') metric.aggregator = 'min';
    }
  }

  /** @internal Adds the gauge of request bodies in flight. */
  addUploadGauge(load: () => { small: number; large: number }): void {
    new Gauge({
      name: 'fastpaca_upload_bytes',
      help: 'Bytes of request bodies in flight, small bodies (up to 64 KiB) and large ones',
      labelNames: ['size'],
      registers: this.registers,
      collect() {
        const { small, large } = load();
        this.set({ size: 'small' }, small);
        this.set({ size: 'large' }, large);
      },
    });
  }
}
