import type { AnsweredRequest } from '../common/logging/request-line.js';
import type { Metric, MetricValueWithName, Registry } from 'prom-client';

const BUCKETS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

const REQUESTS = {
  name: 'fastpaca_http_requests_total',
  help: 'HTTP requests by method, route pattern and status',
  type: 'counter',
};
const DURATIONS = {
  name: 'fastpaca_http_request_duration_seconds',
  help: 'Time from the headers of a request to the end of its response, by method, route pattern and class of the status',
  type: 'histogram',
};

type Labels = Record<string, string | number>;
type Sample = MetricValueWithName<string>;

/** The requests of one method and route that were answered with one class of status. */
class Durations {
  count = 0;
  sumSeconds = 0;
  /** How many requests took at most `BUCKETS_S[index]` and longer than the bucket before. */
  private readonly buckets = BUCKETS_S.map(() => 0);

  constructor(private readonly labels: Labels) {}

  add(seconds: number): void {
    this.count += 1;
    this.sumSeconds += seconds;
    for (let index = 0; index < BUCKETS_S.length; index += 1) {
      if (seconds > (BUCKETS_S[index] as number)) continue;
      (this.buckets[index] as number) += 1;
      return;
    }
  }

  /** As Prometheus wants them: each bucket includes the shorter ones. */
  samples(): Sample[] {
    let upTo = 0;
    const buckets = this.buckets.map(
      (count, index) => [BUCKETS_S[index] as number, (upTo += count)] as const,
    );
    const { labels } = this;
    return [
      ...[...buckets, ['+Inf', this.count] as const].map(([le, value]) => ({
        metricName: `${DURATIONS.name}_bucket`,
        labels: { le, ...labels },
        value,
      })),
      { metricName: `${DURATIONS.name}_sum`, labels, value: this.sumSeconds },
      { metricName: `${DURATIONS.name}_count`, labels, value: this.count },
    ];
  }
}

/** The requests of one method and route that were answered with one status. */
interface Series {
  labels: Labels;
  count: number;
  /** Of all statuses of its class. */
  durations: Durations;
}

/**
 * Number and durations of HTTP requests. Not a `Counter` and a `Histogram` of prom-client, which build a text from the labels for
 * every observation.
 */
export class RequestMetrics {
  /** By route, then method, then status. */
  private readonly series = new Map<string, Map<string, Map<number, Series>>>();
  /** By method, route and class of the status. */
  private readonly durations = new Map<string, Durations>();

  constructor(registry: Registry) {
    register(registry, REQUESTS, () => this.counts());
    register(registry, DURATIONS, () => [...this.durations.values()].flatMap((each) => each.samples()));
  }

  count({ method, route, status, durationMs }: AnsweredRequest): void {
    const series = this.series.get(route)?.get(method)?.get(status) ?? this.addSeries(method, route, status);
    series.count += 1;
    series.durations.add(durationMs / 1000);
  }

  private addSeries(method: string, route: string, status: number): Series {
    const byMethod = getOrAdd(this.series, route, () => new Map<string, Map<number, Series>>());
    const byStatus = getOrAdd(byMethod, method, () => new Map<number, Series>());
    const labels = { method, route, status_class: `${Math.floor(status / 100)}xx` };
    const durations = getOrAdd(this.durations, Object.values(labels).join(' '), () => new Durations(labels));
    return getOrAdd(byStatus, status, () => ({ labels: { method, route, status }, count: 0, durations }));
  }

  private counts(): Sample[] {
    return [...this.series.values()]
      .flatMap((byMethod) => [...byMethod.values()])
      .flatMap((byStatus) => [...byStatus.values()])
      .map(({ labels, count }) => ({ labels, value: count }));
  }
}

/** Registers a metric whose samples are made when it is read. */
function register(registry: Registry, { name, help, type }: typeof REQUESTS, samples: () => Sample[]): void {
  const get = () => Promise.resolve({ name, help, type, aggregator: 'sum', values: samples() });
  registry.registerMetric({ name, help, type, aggregator: 'sum', get } as unknown as Metric);
}

function getOrAdd<Key, Value>(map: Map<Key, Value>, key: Key, create: () => Value): Value {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = create()));
  return value;
}
