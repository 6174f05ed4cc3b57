import { describe, expect, it } from '@jest/globals';
import { Counter, Histogram, Registry } from 'prom-client';
import type { AnsweredRequest } from '../common/logging/request-line.js';
import { RequestMetrics } from './request-metrics.js';

const BUCKETS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** The same requests, counted with the classes of prom-client. */
function expectedMetrics(requests: readonly AnsweredRequest[]): Registry {
  const registry = new Registry();
  const registers = [registry];
  const count = new Counter({
    name: 'fastpaca_http_requests_total',
    help: 'HTTP requests by method, route pattern and status',
    labelNames: ['method', 'route', 'status'],
    registers,
  });
  const duration = new Histogram({
    name: 'fastpaca_http_request_duration_seconds',
    help: 'Time from the headers of a request to the end of its response, by method, route pattern and class of the status',
    labelNames: ['method', 'route', 'status_class'],
    buckets: BUCKETS_S,
    registers,
  });
  for (const { method, route, status, durationMs } of requests) {
    count.inc({ method, route, status });
    duration.observe({ method, route, status_class: `${String(status)[0]}xx` }, durationMs / 1000);
  }
  return registry;
}

function countedMetrics(requests: readonly AnsweredRequest[]): Registry {
  const registry = new Registry();
  const metrics = new RequestMetrics(registry);
  for (const request of requests) metrics.count(request);
  return registry;
}

/** Whatever the order of series. */
async function lines(registry: Registry): Promise<string[]> {
  return (await registry.metrics()).split('\n').filter(Boolean).sort();
}

/** Each route, method and status with durations at, below and above every bound. */
function requestsOfEveryKind(): AnsweredRequest[] {
  const durations = BUCKETS_S.flatMap((bound) => [bound * 1000, bound * 999, bound * 1001]);
  return ['/v1/conversations/:id', 'unknown', '/with "quotes" \\'].flatMap((route) =>
    ['GET', 'POST'].flatMap((method) =>
      [200, 201, 404, 503].flatMap((status) =>
        durations.map((durationMs) => ({ method, route, status, durationMs })),
      ),
    ),
  );
}

describe('the metrics of requests', () => {
  it('are those of a counter and a histogram of prom-client', async () => {
    const requests = requestsOfEveryKind();
    const expected = await lines(expectedMetrics(requests));
    expect(expected.length).toBeGreaterThan(300);
    expect(await lines(countedMetrics(requests))).toEqual(expected);
  });

  it('have their help and type before the first request', async () => {
    expect(await lines(countedMetrics([]))).toEqual(await lines(expectedMetrics([])));
  });

  it('continue from the last read', async () => {
    const registry = new Registry();
    const metrics = new RequestMetrics(registry);
    const requests = requestsOfEveryKind();
    for (const request of requests) metrics.count(request);
    await registry.metrics();
    for (const request of requests) metrics.count(request);
    expect(await lines(registry)).toEqual(await lines(expectedMetrics([...requests, ...requests])));
  });
});
