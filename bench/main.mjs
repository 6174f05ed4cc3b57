// `npm run bench`: compares the service with two limits of the same machine, the empty request and the raw commit, in turns,
// in several rounds. Prints the medians as a table and writes them as JSON. docs/performance.md explains each row.
//
//   npm run bench                        all groups, about eight minutes
//   npm run bench -- append window       only these groups; there are append, window, tokens, stall, growth, memory, startup
//   ROUNDS=5 SECONDS=6 npm run bench     more rounds (default 3), longer ones (default 4)
import { cpus } from 'node:os';
import { writeFile } from 'node:fs/promises';
import { Environment, measure } from './environment.mjs';
import { median } from './quantile.mjs';
import { startupTimes } from './startup.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 3);
const SECONDS = Number(process.env.SECONDS ?? 4);
const MANY = 20_000;
const RESULT_FILE = 'bench-results.json';

const environment = await Environment.start();
const rows = [];

/** Runs each measurement once per round, in turns, and returns the median of every figure. */
async function rounds(measurements) {
  const figures = Object.fromEntries(Object.keys(measurements).map((name) => [name, []]));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, run] of Object.entries(measurements)) {
      const before = await environment.serviceReport();
      const figure = await run();
      const requests = Object.values(figure.statuses ?? {}).reduce((sum, count) => sum + count, 0);
      if (Object.keys(figure.statuses ?? {}).some((status) => status >= 300) || figure.errors)
        throw new Error(`${name}: ${JSON.stringify(figure)}`);
      const { cpuMicros } = await environment.serviceReport();
      if (requests) figure.cpuMicros = (cpuMicros - before.cpuMicros) / requests;
      figures[name].push(figure);
      console.error(`round ${round + 1} of ${ROUNDS}: ${name} ${Math.round(figure.perSecond)}/s`);
    }
  }
  return Object.fromEntries(
    Object.entries(figures).map(([name, all]) => [
      name,
      Object.fromEntries(
        Object.keys(all[0])
          .filter((key) => typeof all[0][key] === 'number')
          .map((key) => [key, median(all.map((figure) => figure[key]))]),
      ),
    ]),
  );
}

/** @param target the figure must be at least the target, or at most with `atMost`; undefined: no target */
function row(what, figure, unit, { target, atMost = false } = {}) {
  const digits = Math.abs(figure) < 100 ? 2 : 0;
  const reached = target === undefined ? '' : (atMost ? figure <= target : figure >= target) ? 'yes' : 'no';
  const limit = target === undefined ? '' : `${atMost ? '≤' : '≥'} ${target}`;
  rows.push({ what, figure: Number(figure.toFixed(digits)), unit, target: limit, reached });
}

const load =
  (connections, path, conversations, more = {}) =>
  () =>
    environment.load({ connections, path, conversations, durationS: SECONDS, ...more });
const append = (connections, prefix, conversations) =>
  load(connections, `/v1/conversations/${prefix}-{n}/events`, conversations);
const raw = (connections) => () =>
  environment.rawCommits({ connections, durationS: SECONDS, conversations: MANY });

const groups = {
  async append() {
    for (const [prefix, count] of [
      ['many', MANY],
      ['raw', MANY],
      ['one', 1],
      ['turns', 20],
    ])
      await environment.createConversations(prefix, count);
    const figures = await rounds({
      empty64: load(64, '/bench/many-{n}/append', MANY),
      append64: append(64, 'many', MANY),
      raw16: raw(16),
      one64: append(64, 'one', 1),
      append20: append(20, 'many', MANY),
      empty1: load(1, '/bench/many-{n}/append', MANY),
      append1: append(1, 'many', MANY),
      raw1: raw(1),
      turns20: () =>
        measure('conversation-turns.mjs', { url: environment.url, clients: 20, durationS: SECONDS }),
    });
    const { empty64, append64, raw16, one64, append20, empty1, append1, raw1, turns20 } = figures;
    row('empty requests, 64 connections', empty64.perSecond, '/s');
    row('durable appends, 64 connections, 20,000 conversations', append64.perSecond, '/s');
    row('durable appends, 20 connections', append20.perSecond, '/s');
    row('durable appends, 1 connection', append1.perSecond, '/s');
    row('raw commits, pool of 16', raw16.perSecond, '/s');
    row('service CPU per empty request', empty64.cpuMicros, 'µs');
    row('service CPU per append, 64 connections', append64.cpuMicros, 'µs');
    row('appends ÷ empty requests', append64.perSecond / empty64.perSecond, '×', { target: 0.6 });
    row('appends ÷ raw commits', append64.perSecond / raw16.perSecond, '×', { target: 1 });
    row('1 connection: append p50', append1.p50Ms, 'ms');
    row(
      '1 connection: append p50 ÷ (empty p50 + raw p50)',
      append1.p50Ms / (empty1.p50Ms + raw1.p50Ms),
      '×',
      {
        target: 1.25,
        atMost: true,
      },
    );
    row('64 writers on 1 conversation', one64.perSecond, '/s');
    row('64 writers: 1 conversation ÷ 20,000', one64.perSecond / append64.perSecond, '×', { target: 0.8 });
    row('20 clients, turns of 5 short messages', turns20.perSecond, '/s');
    row('  p95', turns20.p95Ms, 'ms', { target: 40, atMost: true });
    row('  p99', turns20.p99Ms, 'ms', { target: 120, atMost: true });
  },

  async window() {
    await environment.createLog('window-0', 200);
    await fetch(`${environment.url}/bench/window-0/window`, { method: 'PUT' });
    const get = (connections, path, more = {}) => load(connections, path, 1, { method: 'GET', ...more });
    const windowPath = '/v1/conversations/window-{n}/window';
    const pagePath = '/v1/conversations/window-{n}/events?from_seq=-200';
    const tagged = async (path) => {
      const { headers } = await fetch(environment.url + path.replace('{n}', '0'));
      return get(16, path, { headers: { 'if-none-match': headers.get('etag') } });
    };
    const figures = await rounds({
      bare: get(16, '/bench/window-{n}/window'),
      window: get(16, windowPath),
      window20: get(20, windowPath),
      page: get(16, pagePath),
    });
    const sameWindow = await (await tagged(windowPath))();
    const samePage = await (await tagged(pagePath))();
    row('bare route sending a window of 200 messages, 16 connections', figures.bare.perSecond, '/s');
    row('windows of 200 messages, unchanged, 16 connections', figures.window.perSecond, '/s');
    row('windows ÷ bare route', figures.window.perSecond / figures.bare.perSecond, '×', { target: 0.6 });
    row('windows of 200 messages, unchanged, 20 connections', figures.window20.perSecond, '/s');
    row('windows with response 304, 16 connections', sameWindow.perSecond, '/s');
    row('log pages of the newest 200 events, 16 connections', figures.page.perSecond, '/s');
    row('log pages with response 304, 16 connections', samePage.perSecond, '/s');
  },

  async tokens() {
    const { timesPlain, differences, texts } = await measure('tokens.mjs', {});
    row(`plain tiktoken's time ÷ ours, ${texts} texts of real conversations`, timesPlain, '×', { target: 3 });
    row('counts that differ from tiktoken', differences, '', { target: 0, atMost: true });
  },

  async stall() {
    await environment.createConversations('stall', 1);
    const stalls = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      // The first round starts the worker thread that counts tokens.
      await environment.serviceReport();
      const body = JSON.stringify({ event: { role: 'user', content: 'a'.repeat(8 * 1024 * 1024 - 100) } });
      const response = await fetch(`${environment.url}/v1/conversations/stall-0/events`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      });
      if (response.status !== 201)
        throw new Error(`the large event: ${response.status} ${await response.text()}`);
      stalls.push((await environment.serviceReport()).longestStallMs);
    }
    row('longest event-loop stall: 8 MiB of one letter appended', median(stalls), 'ms', {
      target: 50,
      atMost: true,
    });
  },

  async growth() {
    for (const [id, count] of [
      ['log-200', 200],
      ['log-10000', 10_000],
      ['log-1000000', 1_000_000],
    ])
      await environment.createLog(id, count);
    await environment.sql.query('VACUUM ANALYZE fastpaca.events');
    const turns = SECONDS * 300;
    const ids = ['log-200', 'log-10000', 'log-1000000'];
    const all = [];
    for (let round = 0; round < ROUNDS; round += 1)
      all.push(await measure('sequential.mjs', { url: environment.url, ids, turns }));
    const of = (index, key) => median(all.map((figures) => figures[index][key]));
    for (const [index, id] of ids.entries()) {
      const events = Number(id.slice(4)).toLocaleString('en');
      row(`${events} events in the log: window right after an append, p50`, of(index, 'windowP50Ms'), 'ms');
      row(`${events} events in the log: append p99`, of(index, 'appendP99Ms'), 'ms');
      row(`${events} events in the log: page of the newest 200, p50`, of(index, 'pageP50Ms'), 'ms');
    }
    row(
      'window after an append, p50: 1,000,000 events ÷ 200',
      of(2, 'windowP50Ms') / of(0, 'windowP50Ms'),
      '×',
      {
        target: 1.15,
        atMost: true,
      },
    );
    row('page of the newest 200, p50: 1,000,000 events ÷ 200', of(2, 'pageP50Ms') / of(0, 'pageP50Ms'), '×');
    row('append p99: 1,000,000 events ÷ 200', of(2, 'appendP99Ms') / of(0, 'appendP99Ms'), '×', {
      target: 1.3,
      atMost: true,
    });
    await environment.createConversations('few', 100);
    await environment.createConversations('lots', 100_000);
    const { few, lots } = await rounds({ few: append(64, 'few', 100), lots: append(64, 'lots', 100_000) });
    row('appends over 100,000 conversations ÷ over 100', lots.perSecond / few.perSecond, '×');
    const [size] = (
      await environment.sql.query(`
        SELECT pg_total_relation_size('fastpaca.events')::float8 / count(*) AS bytes FROM fastpaca.events`)
    ).rows;
    row('database per event of about 300 bytes, indexes included', size.bytes, 'bytes');
  },

  async memory() {
    await environment.createConversations('many', MANY);
    await environment.startService();
    const resident = [(await environment.serviceReport()).residentBytes];
    for (let part = 0; part < 4; part += 1) {
      await environment.load({
        connections: 64,
        path: '/v1/conversations/many-{n}/events',
        conversations: MANY,
        durationS: 15,
      });
      resident.push((await environment.serviceReport()).residentBytes);
    }
    const [start, , half, , end] = resident.map((bytes) => bytes / 1e6);
    row('resident memory at the start', start, 'MB');
    row('resident memory after 30 s at full append load', half, 'MB');
    row('resident memory after 60 s at full append load', end, 'MB', { target: 300, atMost: true });
  },

  async startup() {
    const times = await startupTimes(Math.max(3, ROUNDS));
    row('`npm start` on existing data to ready', median(times) / 1000, 's', { target: 3, atMost: true });
  },
};

const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !(name in groups));
if (unknown.length)
  throw new Error(`no such group: ${unknown.join(', ')}; there are ${Object.keys(groups).join(', ')}`);
try {
  for (const [name, run] of Object.entries(groups)) {
    if (chosen.length && !chosen.includes(name)) continue;
    console.error(`— ${name}`);
    await run();
  }
} finally {
  await environment.stop();
}
const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version };
await writeFile(
  RESULT_FILE,
  `${JSON.stringify({ at: new Date().toISOString(), machine, rounds: ROUNDS, rows }, null, 2)}\n`,
);
console.table(rows);
console.log(`${machine.cores} × ${machine.cpu}, Node.js ${machine.node}; written to ${RESULT_FILE}`);
