// Many large uploads at once: how much memory the service needs, and whether its health check still responds. The service runs
// with the options of `npm start`. `UPLOADS`, `BYTES` and `IDLE_S` change the scenario.
import { setTimeout as delay } from 'node:timers/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { request, Agent } from 'node:http';
import { startService } from './service.mjs';

const UPLOADS = Number(process.env.UPLOADS ?? 250);
const BYTES = Number(process.env.BYTES ?? 7_900_000);
const IDLE_S = Number(process.env.IDLE_S ?? 60);
/** Writers per conversation: appends to one conversation wait for each other. */
const WRITERS = 10;

if (isMainThread) await main();
else await poll(workerData);

/** Runs on its own thread, because the uploads keep the main thread busy. */
async function poll({ url, path, method = 'GET', body, intervalMs }) {
  let longestMs = 0;
  const statuses = {};
  let stopped = false;
  parentPort.once('message', () => (stopped = true));
  while (!stopped) {
    const start = performance.now();
    const headers = body && { 'content-type': 'application/json' };
    const status = await fetch(url + path, { method, body, headers }).then(
      async (response) => (await response.text(), response.status),
      (error) => error.cause?.code ?? error.message,
    );
    statuses[status] = (statuses[status] ?? 0) + 1;
    longestMs = Math.max(longestMs, performance.now() - start);
    await delay(intervalMs);
  }
  parentPort.postMessage({ longestMs, statuses });
}

function startPoll(spec) {
  const worker = new Worker(new URL(import.meta.url), { workerData: spec });
  return async () => {
    const result = new Promise((resolve) => worker.once('message', resolve));
    worker.postMessage('stop');
    return result;
  };
}

async function main() {
  const service = await startService({ LOG_LEVEL: 'fatal' });
  try {
    const put = (id) =>
      fetch(`${service.url}/v1/conversations/${id}`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: '{"token_budget":1000000}',
      });
    for (let n = 0; n * WRITERS < UPLOADS; n += 1) await put(`upload-${n}`);
    await put('small');
    const metric = async (name) => {
      const text = await (await fetch(`${service.url}/metrics`)).text();
      return Number(new RegExp(`^${name}(?:{.*})? (\\S+)$`, 'm').exec(text)[1]);
    };
    const rows = [];
    const row = (what, value, unit) => rows.push({ what, value: Math.round(value), unit });
    row('resident memory at the start', (await service.residentBytes()) / 1e6, 'MB');

    let peak = 0;
    let sampling = true;
    const sampler = (async () => {
      while (sampling) {
        peak = Math.max(peak, await service.residentBytes());
        await delay(20);
      }
    })();
    await metric('nodejs_eventloop_lag_max_seconds'); // resets the maximum
    const stopLive = startPoll({ url: service.url, path: '/health/live', intervalMs: 50 });
    const stopAppends = startPoll({
      url: service.url,
      path: '/v1/conversations/small/events',
      method: 'POST',
      body: JSON.stringify({
        event: { role: 'user', parts: [{ type: 'text', text: 'an ordinary append' }] },
      }),
      intervalMs: 50,
    });
    const started = performance.now();
    const statuses = {};
    const body = uploadBody();
    const results = await Promise.all(
      Array.from({ length: UPLOADS }, (_, n) =>
        upload(`${service.url}/v1/conversations/upload-${n % Math.ceil(UPLOADS / WRITERS)}/events`, body),
      ),
    );
    for (const result of results) statuses[result] = (statuses[result] ?? 0) + 1;
    row('until the last upload has its response', (performance.now() - started) / 1000, 's');
    const live = await stopLive();
    const appends = await stopAppends();
    row('longest stall of the event loop', (await metric('nodejs_eventloop_lag_max_seconds')) * 1000, 'ms');
    await delay(IDLE_S * 1000);
    sampling = false;
    await sampler;
    row('resident memory at the peak', peak / 1e6, 'MB');
    row(`resident memory ${IDLE_S} s later`, (await service.residentBytes()) / 1e6, 'MB');
    row('longest response time of /health/live', live.longestMs, 'ms');
    row('longest response time of a small append', appends.longestMs, 'ms');
    console.table(rows);
    console.log(
      `uploads ${JSON.stringify(statuses)}, live ${JSON.stringify(live.statuses)}, small ${JSON.stringify(appends.statuses)}`,
    );
  } finally {
    await service.stop();
  }
}

/** An event with about `BYTES` bytes of text. The text is made of words, so that counting its tokens costs as much as usual. */
function uploadBody() {
  const words = Array.from({ length: 997 }, (_, n) => (n * 2654435761).toString(36).slice(0, 3 + (n % 6)));
  let text = '';
  for (let n = 0; text.length < BYTES - 100; n += 1) text += `${words[(n * n) % 997]} `;
  return Buffer.from(JSON.stringify({ event: { role: 'user', parts: [{ type: 'text', text }] } }));
}

/** @returns the status of the response, or the code of the error */
function upload(url, body) {
  return new Promise((resolve) => {
    const sent = request(
      url,
      {
        method: 'POST',
        agent: new Agent({ keepAlive: false }),
        headers: { 'content-type': 'application/json', 'content-length': body.length },
      },
      (response) => response.resume().once('end', () => resolve(response.statusCode)),
    );
    sent.once('error', (error) => resolve(error.code ?? error.message));
    sent.end(body);
  });
}
