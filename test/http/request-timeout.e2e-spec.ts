import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { expectError } from '../support/error-shape.js';
import { ProxiedService } from '../support/proxied-service.js';
import { sendUpgrade } from '../support/websocket-upgrade.js';

const EVENT = { role: 'user', content: 'hello' };

describe('FASTPACA_REQUEST_TIMEOUT_MS', () => {
  let proxied: ProxiedService;
  beforeAll(async () => {
    // The database timeout exceeds the timeout of the tests, so only the request timeout can end a request.
    proxied = await ProxiedService.start({
      FASTPACA_DATABASE_TIMEOUT_MS: '600000',
      FASTPACA_REQUEST_TIMEOUT_MS: '1000',
    });
    const { http } = proxied.service;
    while (!(await http.put('late')).status.toString().startsWith('2'));
  });
  afterAll(() => proxied.stop());

  it('ends a request with 503 on every route and before an upgrade', async () => {
    const { proxy, service } = proxied;
    proxy.stall();
    const responses = await Promise.all([
      service.http.put('late', { token_budget: 5 }),
      service.http.get('late'),
      service.http.patch('late', { a: 1 }),
      service.http.append('late', { event: EVENT }),
      service.http.request('GET', service.http.path('late', '/events')),
      service.http.request('GET', service.http.path('late', '/events?cursor=0&wait_ms=100')),
      service.http.window('late'),
      service.http.compact('late', { from_seq: 1, to_seq: 1, replacement: [EVENT] }),
      service.http.request('GET', '/health/ready'),
    ]);
    for (const response of responses) expectError(response, 503);
    expectError(await sendUpgrade(service.url, service.http.path('late', '/stream')), 503);
    expect((await service.http.request('GET', '/health/live')).status).toBe(200);
    await proxy.restore();
    let response = await service.http.get('late');
    while (response.status !== 200) response = await service.http.get('late');
  });

  it('is extended by the wait_ms of a long poll', async () => {
    const { service } = proxied;
    const path = service.http.path('late', '/events?cursor=1000&wait_ms=1500');
    let response = await service.http.request('GET', path);
    // On a slow machine, the rest of the request may exceed the timeout.
    while (response.status === 503) response = await service.http.request('GET', path);
    expect(response.body).toEqual({ events: [], next_cursor: 1000 });
  });
});
