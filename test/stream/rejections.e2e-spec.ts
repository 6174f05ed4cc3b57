import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { expectError, expectErrorShape } from '../support/error-shape.js';
import type { HttpResponse } from '../support/http-client.js';
import { Readers } from '../support/stream-reader.js';
import { TestService } from '../support/test-service.js';
import { sendUpgrade, upgradeRequest } from '../support/websocket-upgrade.js';

describe('GET /v1/conversations/:id/stream', () => {
  let service: TestService;
  const readers = new Readers(() => service);
  const key = { authorization: 'Bearer key-1' };
  beforeAll(async () => {
    service = await TestService.start({ env: { FASTPACA_API_KEY: 'key-1' } });
    await service.http.request('PUT', '/v1/conversations/c', { body: { token_budget: 9 }, headers: key });
  });
  afterAll(async () => {
    await readers.closeAll();
    await service.stop();
  });

  /** Sends the same request over both transports. */
  async function sendBoth(path: string, headers: Record<string, string>): Promise<HttpResponse[]> {
    const sse = { accept: 'text/event-stream', ...headers };
    return [
      await sendUpgrade(service.url, path, headers),
      await service.http.request('GET', path, { headers: sse }),
    ];
  }

  it.each<Record<string, string>>([{}, { authorization: 'Bearer wrong' }, { authorization: 'Basic key-1' }])(
    'returns 401 for the headers %j',
    async (headers) => {
      for (const path of ['c', 'absent'].map((id) => `/v1/conversations/${id}/stream?cursor=x`))
        for (const response of await sendBoth(path, headers)) expectError(response, 401);
    },
  );

  it.each([
    '/v1/conversations/absent/stream',
    '/v1/conversations/c/streams',
    '/v1/conversations/c/stream/',
    '/x',
  ])('returns 404 for %s', async (path) => {
    for (const response of await sendBoth(path, key)) expectError(response, 404);
  });

  it.each([
    ['cursor', '?cursor=x'],
    ['cursor', '?cursor=-1'],
    ['cursor', '?cursor=1.5'],
    ['cursor', '?cursor='],
    ['cursor', '?cursor=99999999999999999999'],
    ['cursor', '?cursor=1&cursor=2'],
    ['cursor', '?cursor=1?x'],
    ['includeEvents', '?includeEvents=0'],
    ['include_events', '?include_events=no'],
    ['cursr', '?cursr=1'],
    ['__proto__', '?__proto__=1'],
  ])('returns 400 for %s in "%s"', async (name, query) => {
    for (const response of await sendBoth(`/v1/conversations/c/stream${query}`, key)) {
      expectError(response, 400);
      expect(response.body.details.map(({ path }: { path: string }) => path)).toEqual([name]);
    }
  });

  it.each(['%00', '%ff', 'x'.repeat(256)])('returns 400 for the id "%s"', async (id) => {
    for (const response of await sendBoth(`/v1/conversations/${id}/stream`, key)) expectError(response, 400);
  });

  it('lists every violation of a request', async () => {
    for (const response of await sendBoth('/v1/conversations/c/stream?cursor=x&y=1&include_events=z', key))
      expect(response.body.details).toHaveLength(3);
    for (const response of await sendBoth('/v1/conversations/%00/stream?cursor=x', key))
      expect(response.body.details.map(({ path }: { path: string }) => path).sort()).toEqual([
        'cursor',
        'id',
      ]);
  });

  it('returns 426 for a plain GET', async () => {
    const response = await service.http.request('GET', '/v1/conversations/c/stream', { headers: key });
    expect(response.status).toBe(426);
    expect(response.headers.get('upgrade')).toBe('websocket');
    expect(response.headers.get('connection')).toBe('Upgrade');
    expect(response.body).toEqual({
      error: 'upgrade_required',
      message: expect.any(String),
      request_id: response.headers.get('x-request-id'),
    });
  });

  it.each<Record<string, string>>([
    { 'sec-websocket-key': 'short' },
    { 'sec-websocket-version': '12' },
    { 'sec-websocket-protocol': ',' },
  ])('returns 400 for the handshake headers %j', async (headers) => {
    const response = await sendUpgrade(service.url, '/v1/conversations/c/stream', { ...key, ...headers });
    expectError(response, 400);
    expectErrorShape(response);
  });

  it("returns the caller's request id in an error if it is valid, else a new one", async () => {
    const [kept] = await sendBoth('/v1/conversations/absent/stream', { ...key, 'x-request-id': 'mine-1' });
    expect(kept!.body.request_id).toBe('mine-1');
    const [generated] = await sendBoth('/v1/conversations/absent/stream', {
      ...key,
      'x-request-id': 'not sane',
    });
    expect(generated!.body.request_id).not.toBe('not sane');
  });

  it("returns the caller's request id on an upgrade if it is valid, else a new one", async () => {
    const ids = [];
    for (const headers of [
      { ...key, 'x-request-id': 'mine-2' },
      key,
      { ...key, 'x-request-id': 'not sane' },
    ]) {
      const { status, headers: responseHeaders } = await sendUpgrade(
        service.url,
        '/v1/conversations/c/stream',
        headers,
      );
      expect(status).toBe(101);
      ids.push(responseHeaders.get('x-request-id'));
    }
    expect(ids).toEqual([
      'mine-2',
      expect.stringMatching(/^[0-9a-f-]{36}$/),
      expect.stringMatching(/^[0-9a-f-]{36}$/),
    ]);
  });

  it('closes the connection of a rejected upgrade even if the client keeps it open', async () => {
    const { port } = new URL(service.url);
    const socket = connect({ port: Number(port), host: '127.0.0.1', allowHalfOpen: true });
    socket.on('error', () => undefined); // writing to a closed connection causes a reset
    socket.write(upgradeRequest('/x'));
    await once(socket.resume(), 'end');
    while (!socket.destroyed) {
      socket.write('x');
      await delay(5);
    }
  });

  it('leaves other routes unaffected by an Upgrade header with another protocol', async () => {
    for (const protocol of ['h2c', 'TLS/1.0, HTTP/1.1']) {
      const headers = { ...key, upgrade: protocol, connection: 'Upgrade, HTTP2-Settings' };
      const response = await sendUpgrade(service.url, '/v1/conversations/c', headers);
      expect(response.status).toBe(200);
      expect(response.body.id).toBe('c');
    }
  });

  it('accepts a websocket with a valid key', async () => {
    const reader = await readers.ws('c', '?cursor=0', { headers: key });
    await reader.windowOf(0);
  });
});
