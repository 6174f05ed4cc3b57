import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { expectError } from '../support/error-shape.js';
import type { HttpResponse } from '../support/http-client.js';
import { readMetrics } from '../support/metrics-text.js';
import { ProxiedService } from '../support/proxied-service.js';
import { EVENT, ROUTES } from '../support/routes.js';
import type { TcpProxy } from '../support/tcp-proxy.js';
import type { TestDatabase } from '../support/test-database.js';
import { TestService } from '../support/test-service.js';

/** Time limit of the database in the tests that exceed it, in milliseconds. */
const LIMIT_MS = 1000;
const SHORT_LIMIT = { FASTPACA_DATABASE_TIMEOUT_MS: String(LIMIT_MS) };
/** A request may wait two limits: for a connection and for a statement. The other limits allow for a slow machine. */
const LIMITS_PER_RESPONSE = 6;

/**
 * Waits at most `LIMITS_PER_RESPONSE` limits for the response, with one timer after the other. The service runs in this
 * process, and a busy event loop delays its timers and these timers alike.
 */
async function withinLimits(response: Promise<HttpResponse>): Promise<HttpResponse> {
  const progress = { hasArrived: false };
  void response.finally(() => (progress.hasArrived = true)).catch(() => undefined);
  const timeout = (async () => {
    for (let limits = 0; limits < LIMITS_PER_RESPONSE && !progress.hasArrived; limits += 1)
      await delay(LIMIT_MS, undefined, { ref: false });
    throw new Error(`no response within ${LIMITS_PER_RESPONSE} limits of ${LIMIT_MS} ms`);
  })();
  return Promise.race([response, timeout]);
}

/**
 * Repeats a request until its response is not a 503. A slow machine may not finish a request within the short limit. An
 * append needs an idempotency key.
 */
async function untilDone(request: () => Promise<HttpResponse>): Promise<HttpResponse> {
  for (;;) {
    const response = await request();
    if (response.status !== 503) return response;
  }
}

describe('a service during a database outage', () => {
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
    ['it accepts connections and never responds', () => proxy.stall(), () => proxy.restore()],
    [
      'it rejects all logins',
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
    'returns 503 on every route, then recovers without losing an acknowledged append (outage: %s)',
    async (name, begin, end) => {
      const id = `outage ${name}`;
      for (const each of [id, `${id}, other`]) await untilDone(() => service.http.put(each));
      await untilDone(() => service.http.say(`${id}, other`, 'first'));
      const acknowledged: string[] = [];
      const burst = { over: false };
      // Clients append continuously. Each client retries an append with the same key until the append is acknowledged.
      const clients = Array.from({ length: 4 }, async (_, client) => {
        for (let number = 0; !burst.over; number += 1) {
          const key = `${client}-${number}`;
          const append = () => service.http.append(id, { event: EVENT, idempotency_key: key });
          let response = await append();
          for (; response.status !== 201; response = await append()) expectError(response, 503);
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
          const responses = await Promise.all(
            ROUTES.map(([method, rest, body]) =>
              withinLimits(service.http.request(method, service.http.path(`${id}, other`, rest), { body })),
            ),
          );
          for (const response of responses) expectError(response, 503);
          expectError(await withinLimits(service.http.request('GET', '/health/ready')), 503);
          expect((await withinLimits(service.http.request('GET', '/health/live'))).status).toBe(200);
          expect((await withinLimits(service.http.request('GET', '/metrics'))).status).toBe(200);
          expectError(await withinLimits(service.http.request('GET', '/nope')), 404);
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

describe('a service with broken database connections', () => {
  let proxied: ProxiedService;
  let database: TestDatabase;
  let proxy: TcpProxy;
  let service: TestService;
  // Started without the short limit: requests on broken connections get their response at once.
  beforeAll(async () => ({ database, proxy, service } = proxied = await ProxiedService.start()));
  afterAll(() => proxied.stop());

  it('recovers when new connections can be opened', async () => {
    await untilDone(() => service.http.put('cut'));
    for (let round = 0; round < 10; round += 1) {
      const appends = Array.from({ length: 8 }, () => service.http.say('cut', 'hello'));
      proxy.cut();
      for (const response of await Promise.all(appends)) {
        if (response.status !== 201) expectError(response, 503);
      }
    }
    expect((await untilDone(() => service.http.say('cut', 'last'))).status).toBe(201);
  });

  it('recovers if they broke during transactions, which are rolled back', async () => {
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
    for (const response of await Promise.all(changes)) expectError(response, 503);
    // PostgreSQL notices a disconnected client only when it sends a result. Until then the statements wait for their lock.
    await database.query(waiting.replace('SELECT', 'SELECT pg_terminate_backend(pid)'));
    while ((await database.query(waiting)).length > 0) await delay(5);
    await holder.query('ROLLBACK');
    await holder.end();
    expect((await untilDone(() => service.http.get('half'))).body).toEqual(before);
    expect((await untilDone(() => service.http.patch('half', { b: 1 }))).body.metadata).toEqual({ b: 1 });
  });
});

describe('a service whose rows are locked by another database client', () => {
  let service: TestService;
  let outsider: pg.Client;
  beforeAll(async () => {
    // One of the three connections is reserved for reads.
    service = await TestService.start({ env: { ...SHORT_LIMIT, FASTPACA_POOL_SIZE: '3' } });
    outsider = new pg.Client({ connectionString: service.database.url });
    await outsider.connect();
    for (const id of ['locked-1', 'locked-2', 'free']) await untilDone(() => service.http.put(id));
  });
  afterEach(() => outsider.query('ROLLBACK')); // has an effect only after a failed test
  afterAll(async () => {
    await outsider.end();
    await service.stop();
  });

  const lock = async (...ids: string[]) => {
    await outsider.query('BEGIN');
    await outsider.query('SELECT FROM fastpaca.conversations WHERE id = ANY ($1) FOR UPDATE', [ids]);
  };

  const appendOnce = (id: string, content: string) =>
    untilDone(() =>
      withinLimits(service.http.append(id, { event: { role: 'user', content }, idempotency_key: content })),
    );

  it('returns 503 while the lock is held, and recovers afterwards', async () => {
    await lock('locked-1');
    const writes = [service.http.put('locked-1'), service.http.say('locked-1', 'a')];
    for (const response of await Promise.all(writes.map(withinLimits))) expectError(response, 503);
    for (const response of await Promise.all([
      withinLimits(service.http.patch('locked-1', { a: 1 })),
      withinLimits(service.http.compact('locked-1', { from_seq: 1, to_seq: 1, replacement: [EVENT] })),
    ]))
      expectError(response, 503);
    expectError(await withinLimits(service.http.delete('locked-1')), 503);
    expect((await untilDone(() => service.http.get('locked-1'))).body).toMatchObject({
      version: 0,
      metadata: {},
      tombstoned: false,
    });
    await outsider.query('ROLLBACK');
    expect((await appendOnce('locked-1', 'b')).body).toMatchObject({ seq: 1 });
  });

  it('returns 503 for every append of the locked conversation in time, even if many wait for each other', async () => {
    await lock('locked-1');
    const { body: before } = await untilDone(() => service.http.get('locked-1'));
    const appends = Array.from({ length: 20 }, (_, index) =>
      withinLimits(service.http.say('locked-1', `waiting ${index}`)),
    );
    const responses = await Promise.allSettled(appends);
    await outsider.query('ROLLBACK');
    for (const response of responses) {
      expect(response).toMatchObject({ status: 'fulfilled' });
      if (response.status === 'fulfilled') expectError(response.value, 503);
    }
    expect((await untilDone(() => service.http.get('locked-1'))).body).toEqual(before);
    expect((await appendOnce('locked-1', 'after')).status).toBe(201);
  });

  it('returns 503 while no connection is free, shows this in the metrics, and recovers for other conversations', async () => {
    await lock('locked-1', 'locked-2');
    const connections = { in_use: 0, waiting: 0 };
    // Repeated if the limits expired before the metrics were read.
    while (connections.in_use < 2 || connections.waiting < 1) {
      const stuck = ['locked-1', 'locked-2'].map((id) => withinLimits(service.http.put(id)));
      const others = Array.from({ length: 8 }, () => withinLimits(service.http.say('free', 'hello')));
      const reads = Array.from({ length: 8 }, () => withinLimits(service.http.window('free')));
      const progress = { answered: false };
      const responses = Promise.all([...stuck, ...others, ...reads]).finally(
        () => (progress.answered = true),
      );
      while (!progress.answered) {
        const metrics = await readMetrics(service);
        for (const state of ['in_use', 'waiting'] as const)
          connections[state] = Math.max(
            connections[state],
            metrics.value('fastpaca_pool_connections', { state }),
          );
        await Promise.race([responses, delay(20)]);
      }
      for (const [index, response] of (await responses).entries())
        if (index < stuck.length || response.status >= 300) expectError(response, 503);
    }
    await outsider.query('ROLLBACK');
    expect((await appendOnce('free', 'again')).status).toBe(201);
    expect((await appendOnce('locked-2', 'again')).status).toBe(201);
    expect((await readMetrics(service)).value('fastpaca_pool_connections', { state: 'waiting' })).toBe(0);
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
