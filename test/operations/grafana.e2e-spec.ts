import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readMetrics, type MetricsReading } from '../support/metrics-text.js';
import { parseExpression, type Selector } from '../support/promql.js';
import { expressionProblems, promtool } from '../support/promtool.js';
import { EVENT } from '../support/routes.js';
import { TestService } from '../support/test-service.js';

interface Target {
  expr: string;
  legendFormat: string;
}

const board = JSON.parse(readFileSync('deploy/grafana.json', 'utf8'));
const targets: Target[] = board.panels.flatMap((panel: { targets: Target[] }) => panel.targets);
/** The expression that Grafana sends when a user looks at all nodes. */
const sent = ({ expr }: Target) =>
  expr.replaceAll('$__rate_interval', '1m').replaceAll('$node', board.templating.list[1].allValue);

let service: TestService;
let reading: MetricsReading;

/** Uses the service until each series of the board has a sample. */
beforeAll(async () => {
  service = await TestService.start({ env: { FASTPACA_NODE_NAME: 'node-1' } });
  const { http, database } = service;
  await http.put('board');
  for (let times = 0; times < 2; times += 1) {
    await http.append('board', { event: EVENT, idempotency_key: 'once' });
    await http.window('board');
  }
  await http.get('missing');
  await database.query('ALTER TABLE fastpaca.conversations RENAME TO gone');
  expect((await http.get('board')).status).toBe(500);
  await database.query('ALTER TABLE fastpaca.gone RENAME TO conversations');
  reading = await readMetrics(service);
});
afterAll(() => service.stop());

/** The samples that the selector matches, by the rules of PromQL. */
function matching({ metric, matchers }: Selector) {
  const matches = (actual = '', operator: string, value: string) => {
    const isEqual = operator.endsWith('~') ? new RegExp(`^(?:${value})$`).test(actual) : actual === value;
    return operator.startsWith('!') ? !isEqual : isEqual;
  };
  return reading.samples.filter(
    ({ name, labels }) =>
      name === metric &&
      matchers.every(({ label, operator, value }) => matches(labels[label], operator, value)),
  );
}

describe('deploy/grafana.json', () => {
  it('has a panel for requests, latencies, the database, memory and the version', () => {
    const used = new Set(
      targets.flatMap((target) => parseExpression(sent(target)).selectors.map(({ metric }) => metric)),
    );
    for (const metric of [
      'fastpaca_http_requests_total',
      'fastpaca_http_request_duration_seconds_bucket',
      'fastpaca_append_latency_ms_bucket',
      'fastpaca_window_latency_ms_bucket',
      'fastpaca_pool_connections',
      'fastpaca_upload_bytes',
      'nodejs_eventloop_lag_p99_seconds',
      'process_resident_memory_bytes',
      'fastpaca_build_info',
    ])
      expect(used).toContain(metric);
  });

  it.each(targets.map((target) => [target.expr, target] as const))('finds samples with %s', (_, target) => {
    const { selectors, grouping } = parseExpression(sent(target));
    expect(selectors).not.toEqual([]);
    for (const selector of selectors) {
      const samples = matching(selector);
      expect({ selector, found: samples.length > 0 }).toEqual({ selector, found: true });
      // A label that no series has would match as an empty one.
      const labels = Object.keys(samples[0]!.labels);
      expect(labels).toEqual(expect.arrayContaining(selector.matchers.map(({ label }) => label)));
      expect(labels).toEqual(expect.arrayContaining(grouping));
    }
    const shown = Array.from(target.legendFormat.matchAll(/{{(\w+)}}/g), ([, label]) => label);
    expect(grouping).toEqual(expect.arrayContaining(shown));
  });

  it('selects the nodes by a label that exists', () => {
    const [, metric = '', label = ''] =
      /^label_values\((\w+), (\w+)\)$/.exec(board.templating.list[1].query) ?? [];
    expect(matching({ metric, matchers: [] }).map(({ labels }) => labels[label])).toEqual(['node-1']);
  });

  const checked = promtool ? it : it.skip;
  checked('has expressions that promtool check rules accepts (needs promtool)', () => {
    expect(expressionProblems(targets.map(sent))).toBe('');
    expect(expressionProblems(['sum(rate(up))'])).toContain('expected type range vector');
  });
});
