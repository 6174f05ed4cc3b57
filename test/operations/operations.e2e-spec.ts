import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { AppConfig } from '../../src/config/app-config.js';
import { createApp } from '../../src/create-app.js';
import { Lifecycle } from '../../src/lifecycle/lifecycle.js';
import { expectError } from '../support/error-shape.js';
import type { Answer } from '../support/http-client.js';
import { readMetrics } from '../support/metrics-text.js';
import { ProxiedService } from '../support/proxied-service.js';
import type { TcpProxy } from '../support/tcp-proxy.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { TestService } from '../support/test-service.js';

/** The database's time limit where one is reached, in milliseconds. */
const LIMIT_MS = 1000;
const SHORT_LIMIT = { FASTPACA_DATABASE_TIMEOUT_MS: String(LIMIT_MS) };
/** A request may use up two limits, for a connection and for a statement; the rest is for what it does between them. */
const LIMITS_PER_ANSWER = 6;
const EVENT = { role: 'user', content: 'hello' };

/** Every route that needs the database, as an answerable request. */
const ROUTES: [method: string, rest: string, body?: unknown][] = [
  ['PUT', '', { token_budget: 100 }],
  ['PUT', '', { trigger_ratio: 0.5 }],
  ['GET', ''],
  ['PATCH', '/metadata', { metadata: { a: 1 } }],
  ['POST', '/events', { event: EVENT }],
  ['GET', '/events'],
  ['GET', '/window'],
  ['POST', '/compact', { from_seq: 1, to_seq: 1, replacement: [EVENT] }],
  ['DELETE', ''],
];

/**
 * The answer, unless so many limits run out before it, one after the other. They are timers of the process that the
 * service runs in: what holds the service's own limits up, holds these up too.
 */
async function inTime(answer: Promise<Answer>): Promise<Answer> {
  const progress = { isThere: false };
  void answer.finally(() => (progress.isThere = true)).catch(() => undefined);
  const late = (async () => {
    for (let limits = 0; limits < LIMITS_PER_ANSWER && !progress.isThere; limits += 1)
      await delay(LIMIT_MS, undefined, { ref: false });
    throw new Error(`no answer though ${LIMITS_PER_ANSWER} limits of ${LIMIT_MS} ms have run out`);
  })();
  return Promise.race([answer, late]);
}

/** Repeats what a slow machine does not get done within a short limit; an append needs a key then. */
async function untilDone(request: () => Promise<Answer>): Promise<Answer> {
  for (;;) {
    const answer = await request();
    if (answer.status !== 503) return answer;
  }
}

describe('health', () => {
  let database: TestDatabase;
  beforeAll(async () => (database = await createTestDatabase()));
  afterAll(() => database.drop());

  it('is live and not ready while starting, then ready, and while draining live but not ready', async () => {
    const app = await createApp(AppConfig.fromEnvironment({ DATABASE_URL: database.url, PORT: '0' }));
    const status = async (path: string) => (await app.inject(path)).statusCode;
    expect([await status('/health/live'), await status('/health/ready')]).toEqual([200, 503]);
    app.get(Lifecycle).markReady();
    const ready = await app.inject('/health/ready');
    expect([ready.statusCode, ready.json()]).toEqual([200, { status: 'ok' }]);
    void app.get(Lifecycle).drain(0);
    expect([await status('/health/live'), await status('/health/ready')]).toEqual([200, 503]);
    await app.close();
  });

  it('every other route answers 503 while draining, and asks the client to connect elsewhere', async () => {
    const service = await TestService.start({ database });
    try {
      await service.http.put('drained');
      void service.app.get(Lifecycle).drain(0);
      for (const [method, rest, body] of ROUTES) {
        const answer = await service.http.request(method, service.http.path('drained', rest), { body });
        expectError(answer, 503);
        expect(answer.headers.get('connection')).toBe('close');
      }
      expect((await service.http.request('GET', '/metrics')).status).toBe(200);
    } finally {
      await service.stop();
    }
    expect(
      await database.query("SELECT token_budget FROM fastpaca.conversations WHERE id = 'drained'"),
    ).toEqual([{ token_budget: 1_000_000 }]);
  });
});

describe('with the database away', () => {
  let proxied: ProxiedService;
  let database: TestDatabase;
  let proxy: TcpProxy;
  let service: TestService;
  beforeAll(async () => ({ database, proxy, service } = proxied = await ProxiedService.start(SHORT_LIMIT)));
  afterAll(async () => {
    await proxied.stop();
  });

  const outages: [name: string, begin: () => unknown, end: () => Promise<unknown>][] = [
    ['its connections are refused', () => proxy.refuse(), () => proxy.restore()],
    ['it takes connections and never answers', () => proxy.stall(), () => proxy.restore()],
    [
      'it does not let anybody in',
      async () => {
        await admin(`ALTER DATABASE ${nameOf(database)} WITH ALLOW_CONNECTIONS false`);
        await admin(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${nameOf(database)}'`,
        );
      },
      () => admin(`ALTER DATABASE ${nameOf(database)} WITH ALLOW_CONNECTIONS true`),
    ],
  ];

  it.each(outages)(
    'every route answers 503 while %s, and by itself again when it is back; nothing acknowledged is lost',
    async (name, begin, end) => {
      const id = `outage ${name}`;
      for (const each of [id, `${id}, other`]) await untilDone(() => service.http.put(each));
      await untilDone(() => service.http.say(`${id}, other`, 'first'));
      const acknowledged: string[] = [];
      const burst = { over: false };
      // Clients that append all the time, each retrying a key until it is acknowledged.
      const clients = Array.from({ length: 4 }, async (_, client) => {
        for (let number = 0; !burst.over; number += 1) {
          const key = `${client}-${number}`;
          const append = () => service.http.append(id, { event: EVENT, idempotency_key: key });
          let answer = await append();
          for (; answer.status !== 201; answer = await append()) expectError(answer, 503);
          acknowledged.push(key);
        }
      });
      const failed = Promise.all(clients);
      const more = async (target = acknowledged.length + 20) => {
        while (acknowledged.length < target) await Promise.race([failed, delay(5)]);
      };
      try {
        await more();
        await begin();
        try {
          const answers = await Promise.all(
            ROUTES.map(([method, rest, body]) =>
              inTime(service.http.request(method, service.http.path(`${id}, other`, rest), { body })),
            ),
          );
          for (const answer of answers) expectError(answer, 503);
          expectError(await inTime(service.http.request('GET', '/health/ready')), 503);
          expect((await inTime(service.http.request('GET', '/health/live'))).status).toBe(200);
          expect((await inTime(service.http.request('GET', '/metrics'))).status).toBe(200);
          expectError(await inTime(service.http.request('GET', '/nope')), 404);
        } finally {
          await end();
        }
        await more();
      } finally {
        burst.over = true;
        await failed;
      }
      expect((await untilDone(() => service.http.request('GET', '/health/ready'))).status).toBe(200);

      const rows = await database.query<{ seq: string; key: string }>(
        'SELECT seq, idempotency_key AS key FROM fastpaca.events WHERE conversation_id = $1 ORDER BY seq',
        [id],
      );
      expect(rows.map(({ seq }) => Number(seq))).toEqual(rows.map((_, index) => index + 1));
      const keys = rows.map(({ key }) => key);
      expect(new Set(keys).size).toBe(keys.length);
      expect(acknowledged.filter((key) => !keys.includes(key))).toEqual([]);
    },
  );
});

describe('with connections that are cut', () => {
  let proxied: ProxiedService;
  let database: TestDatabase;
  let proxy: TcpProxy;
  let service: TestService;
  // No time limit helps here: what is cut is answered at once.
  beforeAll(async () => ({ database, proxy, service } = proxied = await ProxiedService.start()));
  afterAll(() => proxied.stop());

  it('goes on when new ones are to be had', async () => {
    await untilDone(() => service.http.put('cut'));
    for (let round = 0; round < 10; round += 1) {
      const appends = Array.from({ length: 8 }, () => service.http.say('cut', 'hello'));
      proxy.cut();
      for (const answer of await Promise.all(appends)) {
        if (answer.status !== 201) expectError(answer, 503);
      }
    }
    expect((await untilDone(() => service.http.say('cut', 'last'))).status).toBe(201);
  });

  it('goes on when that was in the middle of a transaction, which then never happened', async () => {
    await untilDone(() => service.http.put('half'));
    await untilDone(() => service.http.say('half', 'first'));
    const { body: before } = await untilDone(() => service.http.get('half'));
    const holder = new pg.Client({ connectionString: database.url });
    await holder.connect();
    await holder.query('BEGIN');
    await holder.query("SELECT FROM fastpaca.conversations WHERE id = 'half' FOR UPDATE");
    const changes = [
      service.http.patch('half', { a: 1 }),
      service.http.compact('half', { from_seq: 1, to_seq: 1, replacement: [EVENT] }),
    ];
    const waiting =
      "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while ((await database.query(waiting)).length < changes.length) await delay(5);
    proxy.cut();
    for (const answer of await Promise.all(changes)) expectError(answer, 503);
    // The server notices a lost client only when it answers; until then the statements wait for their lock.
    await database.query(waiting.replace('SELECT', 'SELECT pg_terminate_backend(pid)'));
    while ((await database.query(waiting)).length > 0) await delay(5);
    await holder.query('ROLLBACK');
    await holder.end();
    expect((await untilDone(() => service.http.get('half'))).body).toEqual(before);
    expect((await untilDone(() => service.http.patch('half', { b: 1 }))).body.metadata).toEqual({ b: 1 });
  });
});

describe('with a row of the database locked by somebody', () => {
  let service: TestService;
  let outsider: pg.Client;
  beforeAll(async () => {
    // Writes leave one of the connections to reads.
    service = await TestService.start({ env: { ...SHORT_LIMIT, FASTPACA_POOL_SIZE: '3' } });
    outsider = new pg.Client({ connectionString: service.database.url });
    await outsider.connect();
    for (const id of ['locked-1', 'locked-2', 'free']) await untilDone(() => service.http.put(id));
  });
  afterEach(() => outsider.query('ROLLBACK')); // of a test that has failed; else there is nothing to roll back
  afterAll(async () => {
    await outsider.end();
    await service.stop();
  });

  const lock = async (...ids: string[]) => {
    await outsider.query('BEGIN');
    await outsider.query('SELECT FROM fastpaca.conversations WHERE id = ANY ($1) FOR UPDATE', [ids]);
  };

  const sayOnce = (id: string, content: string) =>
    untilDone(() =>
      inTime(service.http.append(id, { event: { role: 'user', content }, idempotency_key: content })),
    );

  it('answers 503 when it takes too long, and by itself again afterwards', async () => {
    await lock('locked-1');
    const writes = [service.http.put('locked-1'), service.http.say('locked-1', 'a')];
    for (const answer of await Promise.all(writes.map(inTime))) expectError(answer, 503);
    for (const answer of await Promise.all([
      inTime(service.http.patch('locked-1', { a: 1 })),
      inTime(service.http.compact('locked-1', { from_seq: 1, to_seq: 1, replacement: [EVENT] })),
    ]))
      expectError(answer, 503);
    expectError(await inTime(service.http.delete('locked-1')), 503);
    expect((await untilDone(() => service.http.get('locked-1'))).body).toMatchObject({
      version: 0,
      metadata: {},
      tombstoned: false,
    });
    await outsider.query('ROLLBACK');
    expect((await sayOnce('locked-1', 'b')).body).toMatchObject({ seq: 1 });
  });

  it('answers every append of one conversation in time, however many wait for each other', async () => {
    await lock('locked-1');
    const { body: before } = await untilDone(() => service.http.get('locked-1'));
    const appends = Array.from({ length: 20 }, (_, index) =>
      inTime(service.http.say('locked-1', `waiting ${index}`)),
    );
    const answers = await Promise.allSettled(appends);
    await outsider.query('ROLLBACK');
    for (const answer of answers) {
      expect(answer).toMatchObject({ status: 'fulfilled' });
      if (answer.status === 'fulfilled') expectError(answer.value, 503);
    }
    expect((await untilDone(() => service.http.get('locked-1'))).body).toEqual(before);
    expect((await sayOnce('locked-1', 'after')).status).toBe(201);
  });

  it('answers 503 while no connection is left, says so in the metrics, and other conversations recover', async () => {
    await lock('locked-1', 'locked-2');
    const connections = { in_use: 0, waiting: 0 };
    // Once, unless the limits ran out before anybody could look.
    while (connections.in_use < 2 || connections.waiting < 1) {
      const stuck = ['locked-1', 'locked-2'].map((id) => inTime(service.http.put(id)));
      const others = Array.from({ length: 8 }, () => inTime(service.http.say('free', 'hello')));
      const reads = Array.from({ length: 8 }, () => inTime(service.http.window('free')));
      const progress = { answered: false };
      const answers = Promise.all([...stuck, ...others, ...reads]).finally(() => (progress.answered = true));
      while (!progress.answered) {
        const metrics = await readMetrics(service);
        for (const state of ['in_use', 'waiting'] as const)
          connections[state] = Math.max(
            connections[state],
            metrics.value('fastpaca_pool_connections', { state }),
          );
        await Promise.race([answers, delay(20)]);
      }
      for (const [index, answer] of (await answers).entries())
        if (index < stuck.length || answer.status >= 300) expectError(answer, 503);
    }
    await outsider.query('ROLLBACK');
    expect((await sayOnce('free', 'again')).status).toBe(201);
    expect((await sayOnce('locked-2', 'again')).status).toBe(201);
    expect((await readMetrics(service)).value('fastpaca_pool_connections', { state: 'waiting' })).toBe(0);
  });
});

describe('metrics', () => {
  let service: TestService;
  const MARK = 'mark4711';
  beforeAll(
    async () => (service = await TestService.start({ env: { FASTPACA_NODE_NAME: 'node-under-test' } })),
  );
  afterAll(() => service.stop());

  it('count what happened', async () => {
    const id = `count-${MARK}`;
    await service.http.put(id);
    const before = await readMetrics(service);
    await service.http.append(id, { event: EVENT, idempotency_key: `key-${MARK}` });
    await service.http.append(id, { event: EVENT, idempotency_key: `key-${MARK}` });
    await service.http.append(id, { event: EVENT, idempotency_key: `key-${MARK}` });
    await service.http.append(id, {
      events: [EVENT, { role: 'assistant', content: MARK }, { role: 'tool', content: MARK }],
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
    const moved = (name: string, labels: Record<string, string> = {}) =>
      after.value(name, labels) - before.value(name, labels);

    const appended = (role: string, deduped: boolean) =>
      moved('fastpaca_events_appended_total', { role, deduped: String(deduped) });
    expect([appended('user', false), appended('assistant', false), appended('tool', false)]).toEqual([
      2, 1, 1,
    ]);
    expect([appended('user', true), appended('assistant', true)]).toEqual([2, 0]);
    expect(moved('fastpaca_append_latency_ms_count')).toBe(4);
    expect(moved('fastpaca_append_latency_ms_sum')).toBeGreaterThan(0);
    expect(moved('fastpaca_compaction_requests_total')).toBe(2);
    expect(moved('fastpaca_window_latency_ms_count')).toBe(1);
    expect(moved('fastpaca_snapshot_token_count_count')).toBe(1);
    expect(moved('fastpaca_snapshot_token_count_sum')).toBe(window.used_tokens);

    const requests = (method: string, rest: string, status: number) =>
      moved('fastpaca_http_requests_total', {
        method,
        route: `/v1/conversations/:id${rest}`,
        status: String(status),
      });
    expect([201, 400, 409].map((status) => requests('POST', '/events', status))).toEqual([4, 1, 1]);
    expect([200, 400].map((status) => requests('POST', '/compact', status))).toEqual([1, 1]);
    expect([200, 409].map((status) => requests('GET', '/window', status))).toEqual([1, 1]);
  });

  it('have every name there is a promise of', async () => {
    const { types } = await readMetrics(service);
    expect(Object.fromEntries(types)).toMatchObject({
      fastpaca_append_latency_ms: 'histogram',
      fastpaca_window_latency_ms: 'histogram',
      fastpaca_snapshot_token_count: 'histogram',
      fastpaca_compaction_requests_total: 'counter',
      fastpaca_events_appended_total: 'counter',
      fastpaca_http_requests_total: 'counter',
      fastpaca_pool_connections: 'gauge',
      nodejs_eventloop_lag_seconds: 'gauge',
      nodejs_heap_size_used_bytes: 'gauge',
      process_cpu_seconds_total: 'counter',
      process_resident_memory_bytes: 'gauge',
    });
  });

  it('are numbers, right after the start and however often they are read', async () => {
    const fresh = await TestService.start({ database: service.database });
    for (const read of [fresh, service]) {
      for (let times = 0; times < 20; times += 1) {
        const reading = await readMetrics(read);
        expect(reading.samples.filter(({ value }) => Number.isNaN(value))).toEqual([]);
        // In seconds: of no delay at all Node.js says that the least is 292 years.
        expect(reading.value('nodejs_eventloop_lag_min_seconds')).toBeLessThan(1e9);
      }
    }
    await fresh.stop();
  });

  it('have no id, key, text or path in them, and name the node', async () => {
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

function nameOf({ url }: TestDatabase): string {
  return new URL(url).pathname.slice(1);
}

async function admin(text: string): Promise<void> {
  const url = new URL(process.env.TEST_DATABASE_URL!);
  url.pathname = '/postgres';
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  await client.query(text);
  await client.end();
}
