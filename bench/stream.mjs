// `npm run bench:stream`: how long after an append the readers of a stream receive the event, and how much memory a reader
// takes. Readers, writers, the service and its database share this machine.
import { WebSocket } from 'ws';
import { quantile } from './quantile.mjs';
import { startService } from './service.mjs';

const READERS = 500;
const WRITERS = 16;
const DURATION_MS = 10_000;
const WARM_UP_MS = 2000;
const TEXT = 'A message of about the length that people type into a chat, more or less.';

const service = await startService({ LOG_LEVEL: 'warn', FASTPACA_STREAM_MAX_CONNECTIONS: String(READERS) });

async function call(method, path, body) {
  const response = await fetch(`${service.url}/v1/conversations/${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

/** Connects the readers. `onEvent` receives the conversation, the version and the time of each event. */
async function connect(conversations, onEvent) {
  const sockets = Array.from({ length: READERS }, (_, index) => {
    const id = conversations[index % conversations.length];
    const socket = new WebSocket(`${service.url.replace('http', 'ws')}/v1/conversations/${id}/stream`);
    socket.on('message', (data) => {
      const { type, version } = JSON.parse(data);
      if (type === 'event') onEvent(id, version, performance.now());
    });
    return socket;
  });
  await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('open', resolve))));
  return sockets;
}

async function scenario(name, count) {
  const conversations = Array.from({ length: count }, (_, index) => `${name}-${index}`);
  for (const id of conversations)
    await call('PUT', id, { token_budget: 100_000, policy: { strategy: 'last_n', config: { limit: 50 } } });
  const before = await service.residentBytes();

  const respondedAt = new Map(); // when the response to the append arrived
  const earlyFrames = new Map(); // arrival times of frames that arrived before that response
  const delays = [];
  let measuring = false;
  let frames = 0;
  const sockets = await connect(conversations, (id, version, at) => {
    if (!measuring) return;
    frames += 1;
    const key = `${id}/${version}`;
    const since = respondedAt.get(key);
    if (since === undefined) earlyFrames.set(key, [...(earlyFrames.get(key) ?? []), at]);
    else delays.push(at - since);
  });
  const connected = await service.residentBytes();

  let appends = 0;
  const end = performance.now() + WARM_UP_MS + DURATION_MS;
  const measureFrom = performance.now() + WARM_UP_MS;
  await Promise.all(
    Array.from({ length: WRITERS }, async (_, writer) => {
      for (let turn = writer; performance.now() < end; turn += WRITERS) {
        measuring ||= performance.now() >= measureFrom;
        const id = conversations[turn % conversations.length];
        const { version } = await call('POST', `${id}/events`, { event: { role: 'user', content: TEXT } });
        if (!measuring) continue;
        appends += 1;
        const key = `${id}/${version}`;
        respondedAt.set(key, performance.now());
        for (const at of earlyFrames.get(key) ?? []) delays.push(at - respondedAt.get(key));
        earlyFrames.delete(key);
      }
    }),
  );
  await new Promise((resolve) => setTimeout(resolve, 1000));
  for (const socket of sockets) socket.terminate();
  return {
    scenario: `${READERS} readers on ${count} conversation${count === 1 ? '' : 's'}`,
    'appends/s': Math.round((appends * 1000) / DURATION_MS),
    'frames/s': Math.round((frames * 1000) / DURATION_MS),
    'response to frame p50 ms': Number(quantile(delays, 0.5).toFixed(1)),
    'p99 ms': Number(quantile(delays, 0.99).toFixed(1)),
    'memory per reader, kB': Math.round((connected - before) / READERS / 1000),
  };
}

try {
  console.table([await scenario('one', 1), await scenario('many', READERS)]);
} finally {
  await service.stop();
}
