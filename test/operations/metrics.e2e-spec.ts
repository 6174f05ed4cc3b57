import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Injectable, Module } from '@nestjs/common';
import { Counter } from 'prom-client';
import { Metrics } from '../../src/metrics/metrics.js';
import { readMetrics } from '../support/metrics-text.js';
import { promtool, promtoolProblems } from '../support/promtool.js';
import { EVENT } from '../support/routes.js';
import { TestService } from '../support/test-service.js';

/** Of a team, as docs/extending.md shows it. */
@Injectable()
class InvoiceMetrics {
  readonly sent: Counter;

  constructor({ registry }: Metrics) {
    const name = 'acme_invoices_sent_total';
    this.sent = new Counter({ name, help: 'Invoices that were sent', registers: [registry] });
  }
}

@Module({ providers: [InvoiceMetrics] })
class TeamModule {}

/**
 * Metrics that are older than the rules of `promtool check metrics`, and cannot be renamed: boards use them. The rest of
 * `nodejs_*` and `process_*` are prom-client's.
 */
const OLDER = [
  'fastpaca_append_latency_ms',
  'fastpaca_window_latency_ms',
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];

describe('metrics', () => {
  let service: TestService;
  const MARK = 'mark4711';
  beforeAll(
    async () => (service = await TestService.start({ env: { FASTPACA_NODE_NAME: 'node-under-test' } })),
  );
  afterAll(() => service.stop());

  it('count appends, compactions, windows and requests', async () => {
    const id = `count-${MARK}`;
    await service.http.put(id);
    const before = await readMetrics(service);
    await service.http.append(id, { event: EVENT, idempotency_key: `key-${MARK}` });
    await service.http.append(id, { event: EVENT, idempotency_key: `key-${MARK}` });
    await service.http.append(id, { event: EVENT, idempotency_key: `key-${MARK}` });
    await service.http.append(id, {
      events: [EVENT, { role: 'assistant', content: MARK }, { role: 'developer', content: MARK }],
    });
    await service.http.append(id, { event: EVENT, if_version: 0 });
    await service.http.append(id, { event: { role: MARK, content: MARK } });
    await service.http.compact(id, {
      from_seq: 1,
      to_seq: 2,
      replacement: [{ role: 'system', content: MARK }],
    });
    await service.http.compact(id, { from_seq: 1, to_seq: 99, replacement: [EVENT] });
    const { body: window } = await service.http.window(id);
    await service.http.window(id, '?if_version=0');
    const after = await readMetrics(service);
    const increase = (name: string, labels: Record<string, string> = {}) =>
      after.value(name, labels) - before.value(name, labels);

    const appended = (role: string, deduped: boolean) =>
      increase('fastpaca_events_appended_total', { role, deduped: String(deduped) });
    expect([appended('user', false), appended('assistant', false), appended('developer', false)]).toEqual([
      2, 1, 1,
    ]);
    expect([appended('user', true), appended('assistant', true)]).toEqual([2, 0]);
    expect(increase('fastpaca_append_latency_ms_count')).toBe(4);
    expect(increase('fastpaca_append_latency_ms_sum')).toBeGreaterThan(0);
    expect(increase('fastpaca_compaction_requests_total')).toBe(2);
    expect(increase('fastpaca_window_latency_ms_count')).toBe(1);
    expect(increase('fastpaca_snapshot_token_count_count')).toBe(1);
    expect(increase('fastpaca_snapshot_token_count_sum')).toBe(window.used_tokens);

    const requests = (method: string, rest: string, status: number) =>
      increase('fastpaca_http_requests_total', {
        method,
        route: `/v1/conversations/:id${rest}`,
        status: String(status),
      });
    expect([201, 400, 409].map((status) => requests('POST', '/events', status))).toEqual([4, 1, 1]);
    expect([200, 400].map((status) => requests('POST', '/compact', status))).toEqual([1, 1]);
    expect([200, 409].map((status) => requests('GET', '/window', status))).toEqual([1, 1]);
  });

  it('measure each request by method, route and class of its status', async () => {
    await service.http.put('measured');
    const before = await readMetrics(service);
    await service.http.get('measured');
    await service.http.get('measured');
    await service.http.get('missing');
    const after = await readMetrics(service);
    const moved = (suffix: string, labels: Record<string, string>) => {
      const name = `fastpaca_http_request_duration_seconds_${suffix}`;
      const all = { method: 'GET', route: '/v1/conversations/:id', ...labels };
      return after.value(name, all) - before.value(name, all);
    };
    expect(moved('count', { status_class: '2xx' })).toBe(2);
    expect(moved('count', { status_class: '4xx' })).toBe(1);
    expect(moved('bucket', { status_class: '2xx', le: '+Inf' })).toBe(2);
    // In seconds: the requests of this test take no hour together.
    expect(moved('sum', { status_class: '2xx' })).toBeGreaterThan(0);
    expect(moved('sum', { status_class: '2xx' })).toBeLessThan(3600);
  });

  it('name the version of Fastpaca and of Node.js', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    const { samples } = await readMetrics(service);
    expect(samples.filter(({ name }) => name === 'fastpaca_build_info')).toEqual([
      {
        name: 'fastpaca_build_info',
        labels: { version, node_version: process.version, node: 'node-under-test' },
        value: 1,
      },
    ]);
  });

  it("of a team's module appear beside those of the service", async () => {
    const extended = await TestService.start({ modules: [TeamModule], database: service.database });
    extended.app.get(InvoiceMetrics, { strict: false }).sent.inc(3);
    expect((await readMetrics(extended)).value('acme_invoices_sent_total')).toBe(3);
    await extended.stop();
  });

  it('have names and units of Prometheus, except the older ones', async () => {
    const { text, types } = await readMetrics(service);
    const own = [...types].filter(([name]) => name.startsWith('fastpaca_') && !OLDER.includes(name));
    expect(own.length).toBeGreaterThan(5);
    for (const [name, type] of own) {
      expect(name).toMatch(/^fastpaca(_[a-z]+)+$/);
      expect({ name, hasTotal: name.endsWith('_total') }).toEqual({ name, hasTotal: type === 'counter' });
      expect(name).not.toMatch(/_(ms|milliseconds|minutes|kb|mib|percent|counter|gauge|histogram)(_|$)/);
      expect(text).toMatch(new RegExp(`^# HELP ${name} \\S`, 'm'));
    }
  });

  const checked = promtool ? it : it.skip;
  checked('pass promtool check metrics, except the older ones (needs promtool)', async () => {
    const { text } = await readMetrics(service);
    expect(text).toContain('fastpaca_http_request_duration_seconds');
    expect(promtoolProblems(text).filter((problem) => !OLDER.includes(problem.split(' ', 1)[0]!))).toEqual(
      [],
    );
    expect(promtoolProblems('# HELP a_ms b\n# TYPE a_ms gauge\na_ms 1\n')).not.toEqual([]);
  });

  it('have every documented name', async () => {
    const { types } = await readMetrics(service);
    expect(Object.fromEntries(types)).toMatchObject({
      fastpaca_append_latency_ms: 'histogram',
      fastpaca_window_latency_ms: 'histogram',
      fastpaca_snapshot_token_count: 'histogram',
      fastpaca_compaction_requests_total: 'counter',
      fastpaca_events_appended_total: 'counter',
      fastpaca_http_requests_total: 'counter',
      fastpaca_http_request_duration_seconds: 'histogram',
      fastpaca_build_info: 'gauge',
      fastpaca_pool_connections: 'gauge',
      nodejs_eventloop_lag_seconds: 'gauge',
      nodejs_heap_size_used_bytes: 'gauge',
      process_cpu_seconds_total: 'counter',
      process_resident_memory_bytes: 'gauge',
    });
  });

  it('are never NaN, right after the start and after many reads', async () => {
    const fresh = await TestService.start({ database: service.database });
    for (const node of [fresh, service]) {
      for (let count = 0; count < 20; count += 1) {
        const reading = await readMetrics(node);
        expect(reading.samples.filter(({ value }) => Number.isNaN(value))).toEqual([]);
        // In seconds. Node.js reports a minimum of 292 years if it has recorded no delay.
        expect(reading.value('nodejs_eventloop_lag_min_seconds')).toBeLessThan(1e9);
      }
    }
    await fresh.stop();
  });

  it('contain no id, key, text or path of a request, and have the node as a label', async () => {
    for (const path of [
      `/${MARK}`,
      `/v1/${MARK}`,
      `/v1/conversations/${MARK}`,
      `/v1/conversations/${MARK}/events?${MARK}=1`,
      `/docs/${MARK}`,
    ]) {
      for (const method of ['GET', 'POST', 'OPTIONS']) {
        await service.http.request(method, path, {
          headers: { authorization: `Bearer ${MARK}`, 'x-request-id': MARK, 'user-agent': MARK },
        });
      }
    }
    await service.http.put(MARK, { token_budget: 1, metadata: { [MARK]: MARK }, policy: { strategy: MARK } });
    const { text, samples } = await readMetrics(service);
    expect(text).not.toContain(MARK);
    const routes = samples
      .filter(({ name }) => name === 'fastpaca_http_requests_total')
      .map(({ labels }) => labels.route);
    const known = ['', '/metadata', '/events', '/window', '/compact', '/stream'].map(
      (rest) => `/v1/conversations/:id${rest}`,
    );
    const others = ['/metrics', '/health/live', '/health/ready', '/docs/*', 'unknown'];
    expect(routes.filter((route) => ![...known, ...others].includes(route!))).toEqual([]);
    for (const { labels } of samples) expect(labels.node).toBe('node-under-test');
  });
});
