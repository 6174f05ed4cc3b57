// The original project's scenario: 20 clients, one conversation each, turns of five sequential appends of about 65
// characters with metadata. Prints the results as JSON.
import http from 'node:http';
import { quantile } from './quantile.mjs';

const { url, clients, durationS } = JSON.parse(process.argv[2]);
const TEXT = 'The quick brown fox jumps over the lazy dog, and then does it again.'.slice(0, 65);
const agent = new http.Agent({ keepAlive: true, maxSockets: clients });
const times = [];

function append(id, number) {
  const event = {
    role: 'user',
    parts: [{ type: 'text', text: TEXT }],
    metadata: { turn: number, source: 'bench' },
  };
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const request = http.request(`${url}/v1/conversations/${id}/events`, {
      method: 'POST',
      agent,
      headers: { 'content-type': 'application/json' },
    });
    request.once('error', reject);
    request.once('response', (response) => {
      response.resume();
      response.once('end', () => {
        times.push(performance.now() - startedAt);
        resolve();
      });
    });
    request.end(JSON.stringify({ event }));
  });
}

const started = performance.now();
await Promise.all(
  Array.from({ length: clients }, async (_, client) => {
    for (let turn = 0; performance.now() - started < durationS * 1000; turn += 1)
      for (let message = 0; message < 5; message += 1) await append(`turns-${client}`, turn);
  }),
);
const seconds = (performance.now() - started) / 1000;
agent.destroy();
console.log(
  JSON.stringify({
    perSecond: times.length / seconds,
    p50Ms: quantile(times, 0.5),
    p95Ms: quantile(times, 0.95),
    p99Ms: quantile(times, 0.99),
  }),
);
