// Scenario `overload`: more load than a node can handle. 2,000 connections that all append, more appends than the queue holds,
// large uploads, readers that read nothing, sockets that send nothing. Every request must get a response, the health check must
// respond meanwhile, the process must survive, and its memory is measured.
import { setTimeout as delay } from 'node:timers/promises';
import { checkResponse } from './responses.mjs';
import { Checker } from './checker.mjs';
import { EmbeddedDatabase } from './embedded-database.mjs';
import { HealthWatch } from './health-watch.mjs';
import { conversationPath } from './http-client.mjs';
import { Load } from './load.mjs';
import { RawConnection } from './raw-connection.mjs';
import { ServiceNode } from './service-node.mjs';

const CONNECTIONS = 2000;
const QUEUE_LIMIT = 500;
const UPLOAD_BYTES = 7_900_000;
/** Long, because an admitted upload waits for the uploads before it. */
const ANSWER_LIMIT_MS = 120_000;
const SLOW_READERS = 60;
const SILENT_SOCKETS = 500;
const SILENT_MS = 5000;
const MIB = 1024 * 1024;
/** Resident memory in bytes: the limit at the peak, and the limit a minute later. */
const PEAK_LIMIT = 600 * MIB;
const AFTERWARDS_LIMIT = 350 * MIB;
const AFTERWARDS_MS = 60_000;

export async function overload(context) {
  const { folder, verdict, random, canary, options, progress } = context;
  const dataDir = await folder.make('overload');
  const env = { DATA_DIR: dataDir, FASTPACA_APPEND_QUEUE_LIMIT: String(QUEUE_LIMIT) };
  const node = await ServiceNode.start({ name: 'overload', folder: dataDir, env }, context);
  const database = new EmbeddedDatabase(dataDir);
  const load = new Load({ nodes: [node], verdict, random, prefix: 'overload', canary });
  for (const conversation of load.ledger.active) await load.create(conversation);
  const health = new HealthWatch(node, verdict);
  const phases = {
    'connections at once': () => burst(node, load, verdict),
    uploads: () => uploads(node, load, verdict, options.uploads),
    'slow readers': () => slowReaders(node, load),
    'silent sockets': () => silentSockets(node),
  };
  for (const [name, run] of Object.entries(phases)) {
    verdict.at = `overload by ${name}`;
    health.slowestMs = 0;
    await run();
    const { now, peak } = node.memory;
    progress(
      `overload by ${name}: memory ${megabytes(now)} MB, peak ${megabytes(peak)} MB, ` +
        `slowest health ${Math.round(health.slowestMs)} ms`,
    );
    await checkOrdinaryLoad(load);
  }
  verdict.at = 'after the overload';
  await measureMemory(node, verdict);
  await health.stop();
  const query = (...statement) => database.query(...statement);
  await new Checker({ ledger: load.ledger, nodes: [node], verdict, query }).checkAll();
  await node.stop();
}

/** Opens 2,000 connections at once. Each connection sends one append. */
async function burst(node, load, verdict) {
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async (_, index) => {
      const conversation = load.ledger.at(index % load.ledger.active.length);
      await appendRaw({ node, load, verdict, conversation, number: `burst.${index}` });
    }),
  );
}

/** Uploads of almost the maximum size, all at once. */
async function uploads(node, load, verdict, count) {
  const filler = Buffer.alloc(UPLOAD_BYTES, 'lorem ipsum dolor sit amet ');
  const conversation = load.ledger.next();
  conversation.large = true;
  load.ledger.complete.push(conversation);
  await load.create(conversation);
  await Promise.all(
    Array.from({ length: count }, (_, index) =>
      appendRaw({ node, load, verdict, conversation, number: `upload.${index}`, filler }),
    ),
  );
}

/** Connections that request the large log, its window and its stream, and read nothing. */
async function slowReaders(node, load) {
  const path = conversationPath(load.ledger.complete.at(-1).id);
  const readers = await Promise.all(
    Array.from({ length: SLOW_READERS }, async (_, index) => {
      const connection = await RawConnection.open(node.url);
      connection.socket.pause();
      const rest = ['/events?cursor=0&limit=1000', '/window', '/stream?cursor=0'][index % 3];
      await connection.write(head(node, 'GET', path + rest, { accept: 'text/event-stream, */*' }));
      return connection;
    }),
  );
  await delay(SILENT_MS);
  for (const reader of readers) reader.close();
}

/** Connections that send nothing, or the start of a request. */
async function silentSockets(node) {
  const sockets = await Promise.all(
    Array.from({ length: SILENT_SOCKETS }, async (_, index) => {
      const connection = await RawConnection.open(node.url);
      if (index % 2) await connection.write('POST /v1/conversations/silent/events HTTP/1.1\r\nHost: 127.0');
      return connection;
    }),
  );
  await delay(SILENT_MS);
  for (const socket of sockets) socket.close();
}

/** One append on a new connection. @param filler bytes of its text */
async function appendRaw({ node, load, verdict, conversation, number, filler }) {
  const start = `${load.canary} ${number} `;
  const text = start + (filler ? filler.toString('latin1') : 'at once');
  const append = conversation.sending(
    [{ role: 'user', parts: [{ type: 'text', text }] }],
    undefined,
    undefined,
  );
  const [before, after] = [`{"event":{"role":"user","parts":[{"type":"text","text":"${start}`, '"}]}}'];
  const content = filler ?? Buffer.from('at once');
  const startedAt = performance.now();
  const response = await RawConnection.open(node.url).then(
    async (connection) => {
      const pending = connection.firstResponse(ANSWER_LIMIT_MS);
      const length = before.length + content.length + after.length;
      const headers = { 'content-type': 'application/json', 'content-length': length };
      // Not awaited, because the response may arrive before all bytes are written.
      const path = conversationPath(conversation.id, '/events');
      void connection.write(head(node, 'POST', path, headers) + before);
      void connection.write(content);
      void connection.write(after);
      const result = await pending;
      connection.close();
      return result;
    },
    (error) => ({ status: 0, problem: error.code, headers: {} }),
  );
  verdict.count('overload requests');
  const ms = performance.now() - startedAt;
  if (response.status === 0)
    verdict.broken('responses', `append ${number}: ${response.problem} after ${Math.round(ms)} ms`);
  checkResponse(verdict, { ...response, ms });
  load.settle(conversation, append, response);
}

function head(node, method, path, headers) {
  const lines = Object.entries({ host: new URL(node.url).host, ...node.headers, ...headers });
  const text = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return `${method} ${path} HTTP/1.1\r\n${text}\r\n`;
}

/** Runs ordinary clients, whose appends must succeed. */
async function checkOrdinaryLoad(load) {
  load.start();
  await load.grow(100);
  await load.stop();
}

/** Records the peak, and the lowest value within the next minute. */
async function measureMemory(node, verdict) {
  const { peak } = node.memory;
  let afterwards = Infinity;
  for (let waited = 0; waited < AFTERWARDS_MS && afterwards > AFTERWARDS_LIMIT; waited += 1000) {
    await delay(1000);
    afterwards = Math.min(afterwards, node.memory.now);
  }
  verdict.highest('peak MB', megabytes(peak));
  verdict.highest('afterwards MB', megabytes(afterwards));
  if (peak > PEAK_LIMIT) verdict.broken('memory', `${megabytes(peak)} MB at the peak, allowed 600`);
  if (afterwards > AFTERWARDS_LIMIT)
    verdict.broken('memory', `still ${megabytes(afterwards)} MB after a minute, allowed 350`);
}

function megabytes(bytes) {
  return Math.round(bytes / MIB);
}
