import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AppConfig } from '../../src/config/app-config.js';
import { createApp } from '../../src/create-app.js';
import { Lifecycle } from '../../src/lifecycle/lifecycle.js';
import { expectError } from '../support/error-shape.js';
import { ROUTES } from '../support/routes.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { TestService } from '../support/test-service.js';

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
