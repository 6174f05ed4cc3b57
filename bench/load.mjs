// A load generator in its own process: takes its task as an argument, prints the results as JSON.
import autocannon from 'autocannon';
import { appendBody } from './messages.mjs';
import { Samples } from './samples.mjs';

/** A request that takes longer counts as an error. */
const TIMEOUT_S = 60;

// `requests` are sent to one conversation after the other, beginning with number `from`.
const {
  url,
  connections,
  durationS,
  amount,
  requests,
  conversations,
  from = 0,
  headers,
} = JSON.parse(process.argv[2]);

/** The requests of one connection; each connection gets its own conversations. */
function requestsOf(client) {
  const count = Math.max(1, Math.ceil(conversations / connections));
  return Array.from({ length: count }, (_, index) => from + index * connections + client).flatMap((nth) =>
    requests.map(([method, path]) => ({
      method,
      path: path.replace('{n}', nth % conversations),
      headers: method === 'POST' ? { 'content-type': 'application/json', ...headers } : headers,
      body: method === 'POST' ? appendBody(nth) : undefined,
    })),
  );
}

let client = 0;
let samples;
const statuses = {};
let bytes = 0;
const result = await new Promise((resolve, reject) => {
  const run = autocannon(
    {
      url,
      connections,
      ...(amount === undefined ? { duration: durationS } : { amount }),
      timeout: TIMEOUT_S,
      sampleInt: 100, // the end is noticed so late
      setupClient: (each) => each.setRequests(requestsOf(client++)),
    },
    (error, outcome) => (error ? reject(error) : resolve(outcome)),
  );
  // autocannon returns when it has built all requests, which takes seconds with 100,000 conversations. The first requests wait
  // for that; their time begins with the clock, too.
  samples = new Samples({});
  run.on('response', (_client, status, size, ms) => {
    statuses[status] = (statuses[status] ?? 0) + 1;
    samples.add(Math.min(ms, performance.now() - samples.startedAt));
    bytes += size;
  });
});
const figures = samples.figures();
console.log(
  JSON.stringify({
    ...figures,
    bytesPerResponse: bytes / figures.responses,
    statuses,
    errors: result.errors + result.timeouts,
  }),
);
