import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { migrate } from '../../src/database/migrate.js';
import { expectError } from '../support/error-shape.js';
import type { HttpResponse } from '../support/http-client.js';
import { DedicatedServer } from '../support/dedicated-server.js';
import { ProxiedService } from '../support/proxied-service.js';
import { freePort } from '../support/free-port.js';
import { TestService } from '../support/test-service.js';

/** Repeats the request until its response has this status. Every earlier response must be a 503. */
async function until(status: number, request: () => Promise<HttpResponse>): Promise<HttpResponse> {
  for (;;) {
    const response = await request();
    if (response.status === status) return response;
    expectError(response, 503);
    await delay(5);
  }
}

describe('a server that ends a connection right after it was established', () => {
  let proxied: ProxiedService;
  beforeAll(async () => (proxied = await ProxiedService.start()));
  afterAll(() => proxied.stop());

  it('fails the requests that wait for the connection with 503, and does not stop the service', async () => {
    const { proxy, service } = proxied;
    await service.http.put('fatal');
    proxy.fatalAfterReady = true;
    proxy.cut();
    for (const request of [() => service.http.say('fatal', 'hello'), () => service.http.window('fatal')]) {
      await until(503, request); // the first requests may still use connections that were cut
      expectError(await request(), 503);
      expectError(await request(), 503);
    }
    proxy.fatalAfterReady = false;
    expect((await until(201, () => service.http.say('fatal', 'last'))).body).toMatchObject({ seq: 1 });
  });
});

describe('a server that rejects writes', () => {
  let server: DedicatedServer;
  let service: TestService;
  beforeAll(async () => {
    server = await DedicatedServer.start();
    service = await TestService.start({ database: server.database });
  });
  afterEach(() => server.set('default_transaction_read_only', 'off'));
  afterAll(async () => {
    await service.stop();
    await server.stop();
  });

  it('is not used while it is read-only, and the service is not ready until it accepts writes again', async () => {
    await service.http.put('demoted');
    expect((await service.http.request('GET', '/health/ready')).status).toBe(200);
    await server.set('default_transaction_read_only', 'on');
    await until(503, () => service.http.request('GET', '/health/ready'));
    for (let round = 0; round < 20; round += 1) {
      expectError(await service.http.say('demoted', 'hello'), 503);
      expectError(await service.http.get('demoted'), 503);
      expectError(await service.http.request('GET', '/health/ready'), 503);
    }
    expect((await service.http.request('GET', '/health/live')).status).toBe(200);
    await server.set('default_transaction_read_only', 'off');
    await until(200, () => service.http.request('GET', '/health/ready'));
    expect((await until(201, () => service.http.say('demoted', 'again'))).body).toMatchObject({ seq: 1 });
  });

  it('makes the service not ready while its disk is full', async () => {
    // Writing a temporary file now fails, as on a full disk. Only the readiness check writes one.
    await server.set('temp_file_limit', '0');
    expectError(await until(503, () => service.http.request('GET', '/health/ready')), 503);
    await server.set('temp_file_limit', '-1');
    await until(200, () => service.http.request('GET', '/health/ready'));
  });
});

describe('several servers in DATABASE_URL', () => {
  let first: DedicatedServer;
  let second: DedicatedServer;
  beforeEach(
    async () => ([first, second] = await Promise.all([DedicatedServer.start(), DedicatedServer.start()])),
  );
  afterEach(() => Promise.all([first.stop(), second.stop()]));

  /** The URL of both servers, behind a port on which no server listens. */
  async function commonUrl(): Promise<string> {
    await second.usePasswordOf(first);
    const { username, password, pathname } = new URL(first.url);
    const hosts = [await freePort(), first.port, second.port].map((port) => `127.0.0.1:${port}`).join(',');
    return `postgresql://${username}:${password}@${hosts}${pathname}?target_session_attrs=read-write&sslmode=disable`;
  }

  it('are tried in turn until one accepts writes, at the start and after every switch of the primary', async () => {
    const url = await commonUrl();
    await migrate({ databaseUrl: first.url, poolSize: 2, databaseTimeoutMs: 0, nodeName: 'test' });
    await first.set('default_transaction_read_only', 'on');
    const service = await TestService.start({ database: { ...second.database, url } });
    try {
      const conversations = (server: DedicatedServer) =>
        server.query('SELECT id FROM fastpaca.conversations ORDER BY id');
      expect((await service.http.put('on-second')).status).toBe(201);
      expect(await conversations(second)).toEqual([{ id: 'on-second' }]);

      await second.set('default_transaction_read_only', 'on');
      await first.set('default_transaction_read_only', 'off');
      await until(201, () => service.http.put('on-first'));
      expect(await conversations(first)).toEqual([{ id: 'on-first' }]);
      expect(await conversations(second)).toEqual([{ id: 'on-second' }]);

      await first.set('default_transaction_read_only', 'on');
      await second.set('default_transaction_read_only', 'off');
      await until(201, () => service.http.put('on-second-again'));
      expect(await conversations(first)).toEqual([{ id: 'on-first' }]);
    } finally {
      await service.stop();
    }
  });
});

describe('an unavailable synchronous standby', () => {
  const POOL_SIZE = 8;
  let server: DedicatedServer;
  let service: TestService;
  beforeAll(async () => {
    server = await DedicatedServer.start();
    service = await TestService.start({
      database: server.database,
      env: { FASTPACA_POOL_SIZE: String(POOL_SIZE), FASTPACA_DATABASE_TIMEOUT_MS: '200' },
    });
  });
  afterAll(async () => {
    await server.set('synchronous_standby_names', '');
    await service.stop();
    await server.stop();
  });

  it('fails writes with 503 and a bounded number of backends, allows reads, and does not duplicate retried turns', async () => {
    const ids = Array.from({ length: 12 }, (_, index) => `waiting-${index}`);
    for (const id of ids) await until(201, () => service.http.put(id));
    await server.set('synchronous_standby_names', 'away');
    const append = (id: string, key: string) =>
      service.http.append(id, { event: { role: 'user', content: key }, idempotency_key: key });

    for (const key of ['a', 'b', 'c']) {
      for (const response of await Promise.all(ids.map((id) => append(id, key)))) expectError(response, 503);
      // Two more than the pool: the connection for notifications, and the connection that checks timed-out backends.
      expect(await server.backends()).toBeLessThanOrEqual(POOL_SIZE + 2);
    }
    for (const id of ids) {
      await until(200, () => service.http.get(id));
      await until(200, () => service.http.window(id));
    }
    expect((await service.http.request('GET', '/health/live')).status).toBe(200);
    await until(200, () => service.http.request('GET', '/health/ready'));

    await server.set('synchronous_standby_names', '');
    for (const id of ids) for (const key of ['a', 'b', 'c']) await until(201, () => append(id, key));
    const rows = await server.query(
      'SELECT conversation_id, count(*)::int, count(DISTINCT idempotency_key)::int AS keys FROM fastpaca.events GROUP BY 1',
    );
    expect(rows).toHaveLength(ids.length);
    for (const row of rows) expect(row).toMatchObject({ count: 3, keys: 3 });
  });

  it('does not prevent the service from stopping', async () => {
    const other = await TestService.start({
      database: server.database,
      env: { FASTPACA_DATABASE_TIMEOUT_MS: '200' },
    });
    await until(201, () => other.http.put('stopping'));
    await server.set('synchronous_standby_names', 'away');
    expectError(await other.http.say('stopping', 'hello'), 503);
    await other.stop();
    await server.set('synchronous_standby_names', '');
  });
});
