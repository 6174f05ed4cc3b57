import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Injectable, Module } from '@nestjs/common';
import { AppConfig } from '../../src/config/app-config.js';
import { createApp } from '../../src/create-app.js';
import { RegisterReadinessIndicator, type ReadinessIndicator } from '../../src/health/readiness-indicator.js';
import { Lifecycle } from '../../src/lifecycle/lifecycle.js';
import { BuiltService } from '../support/built-service.js';
import { expectError } from '../support/error-shape.js';
import { ROUTES } from '../support/routes.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { TestService } from '../support/test-service.js';

/** Of a team. It fails while `failure` is set. */
@Injectable()
@RegisterReadinessIndicator({ name: 'billing' })
class BillingReadiness implements ReadinessIndicator {
  failure?: Error;

  check(): void {
    if (this.failure) throw this.failure;
  }
}

@Module({ providers: [BillingReadiness] })
class TeamModule {}

describe('a node', () => {
  let database: TestDatabase;
  beforeAll(async () => (database = await createTestDatabase()));
  afterAll(() => database.drop());

  it('is live and ready, and live but not ready while draining', async () => {
    const app = await createApp(AppConfig.fromEnvironment({ DATABASE_URL: database.url, PORT: '0' }));
    const status = async (path: string) => (await app.inject(path)).statusCode;
    expect(await status('/health/live')).toBe(200);
    const ready = await app.inject('/health/ready');
    expect([ready.statusCode, ready.json()]).toEqual([200, { status: 'ok' }]);
    void app.get(Lifecycle).drain(0);
    expect([await status('/health/live'), await status('/health/ready')]).toEqual([200, 503]);
    await app.close();
  });

  it('returns 503 on every route of a conversation while draining, and closes the connection', async () => {
    const service = await TestService.start({ database });
    try {
      await service.http.put('drained');
      void service.app.get(Lifecycle).drain(0);
      for (const [method, rest, body] of ROUTES) {
        const response = await service.http.request(method, service.http.path('drained', rest), { body });
        expectError(response, 503);
        expect(response.headers.get('connection')).toBe('close');
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

describe("a readiness indicator of a team's module", () => {
  it('makes the service not ready while it fails, and only its name is in the response', async () => {
    const service = await TestService.start({ modules: [TeamModule] });
    try {
      const billing = service.app.get(BillingReadiness, { strict: false });
      const ready = () => service.http.request('GET', '/health/ready');
      expect((await ready()).status).toBe(200);
      billing.failure = new Error('no route to 10.0.0.7');
      const refused = await ready();
      expectError(refused, 503);
      expect(refused.body.message).toBe('Not ready: billing');
      expect((await service.http.request('GET', '/health/live')).status).toBe(200);
      billing.failure = undefined;
      expect((await ready()).status).toBe(200);
    } finally {
      await service.stop();
    }
  });
});

describe('the log of the probes', () => {
  let database: TestDatabase;
  beforeAll(async () => (database = await createTestDatabase()));
  afterAll(() => database.drop());

  const withService = async (
    env: Record<string, string>,
    use: (service: BuiltService, proxy: TcpProxy) => Promise<void>,
  ) => {
    const proxy = await TcpProxy.start(database.url);
    const service = await BuiltService.start({ DATABASE_URL: proxy.through(database.url), ...env });
    try {
      await use(service, proxy);
    } finally {
      await proxy.restore();
      await service.stop();
      await proxy.stop();
    }
  };
  /** The lines that probes have caused, as level and message. */
  const probeLines = ({ lines }: BuiltService) =>
    lines
      .map((line) => JSON.parse(line))
      .filter(({ request_id, route }) => /^probe-|^[/]health/.test(request_id ?? route))
      .map(({ level, msg }) => `${level} ${msg}`);
  const probe = async ({ http }: BuiltService, path: string) => {
    const { status } = await http.request('GET', path, { headers: { 'x-request-id': `probe-${path}` } });
    return status;
  };

  it('at info has one line when the service is no longer ready, and one when it is ready again', async () => {
    await withService({}, async (service, proxy) => {
      const ready = () => probe(service, '/health/ready');
      expect([await ready(), await probe(service, '/health/live')]).toEqual([200, 200]);
      await proxy.refuse();
      expect([await ready(), await ready(), await ready()]).toEqual([503, 503, 503]);
      await proxy.restore();
      expect([await ready(), await ready()]).toEqual([200, 200]);
      await service.http.request('GET', '/nope', { headers: { 'x-request-id': 'probe-last' } });
      await service.line(({ request_id }) => request_id === 'probe-last');
      expect(probeLines(service)).toEqual([
        'warn not ready: "database" fails: The database does not answer; retry in a moment',
        'info "database" succeeds again',
        'info request',
      ]);
      const line = await service.line(({ indicator }) => indicator === 'database');
      // Either a new connection was refused, or the first probe met one that was being cut.
      expect(JSON.stringify(line.err)).toMatch(/ECONNREFUSED|ECONNRESET|Connection terminated/);
    });
  });

  it('at debug has one line per probe', async () => {
    await withService({ LOG_LEVEL: 'debug' }, async (service) => {
      await probe(service, '/health/live');
      await service.line(({ route, msg }) => msg === 'request' && route === '/health/live');
      expect(probeLines(service)).toEqual(['debug request']);
    });
  });
});
