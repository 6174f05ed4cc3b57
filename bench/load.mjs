// A load generator in its own process: takes its task as an argument, prints the results as JSON.
import autocannon from 'autocannon';
import { appendBody } from './messages.mjs';
import { quantile } from './quantile.mjs';

const { url, connections, durationS, method, path, conversations, headers } = JSON.parse(process.argv[2]);

/** The requests of one connection, built before the measurement starts; each connection gets its own conversations. */
function requestsOf(client) {
  const count = Math.max(1, Math.ceil(conversations / connections));
  return Array.from({ length: count }, (_, index) => {
    const nth = index * connections + client;
    return {
      method,
      path: path.replace('{n}', nth % conversations),
      headers: method === 'POST' ? { 'content-type': 'application/json', ...headers } : headers,
      body: method === 'POST' ? appendBody(nth) : undefined,
    };
  });
}

let client = 0;
const times = [];
const statuses = {};
let bytes = 0;
const started = performance.now();
const result = await new Promise((resolve, reject) => {
  const run = autocannon(
    {
      url,
      connections,
      duration: durationS,
      setupClient: (each) => each.setRequests(requestsOf(client++)),
    },
    (error, outcome) => (error ? reject(error) : resolve(outcome)),
  );
  run.on('response', (_client, status, size, ms) => {
    statuses[status] = (statuses[status] ?? 0) + 1;
    times.push(ms);
    bytes += size;
  });
});
const seconds = (performance.now() - started) / 1000;
console.log(
  JSON.stringify({
    perSecond: times.length / seconds,
    p50Ms: quantile(times, 0.5),
    p95Ms: quantile(times, 0.95),
    p99Ms: quantile(times, 0.99),
    bytesPerResponse: bytes / times.length,
    statuses,
    errors: result.errors + result.timeouts,
  }),
);
