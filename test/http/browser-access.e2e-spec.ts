import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Lifecycle } from '../../src/lifecycle/lifecycle.js';
import { expectError } from '../support/error-shape.js';
import type { HttpResponse } from '../support/http-client.js';
import { RawConnection, sendRaw } from '../support/raw-http.js';
import { RouteRecorder, RouteRecorderModule } from '../support/route-recorder.js';
import { TestService } from '../support/test-service.js';
import { sendUpgrade } from '../support/websocket-upgrade.js';

const EVENT = { role: 'user', content: 'hello' };
const KEY = 'key-1';
const APP = 'https://app.example.com';
const EVIL = 'https://evil.test';

/** Sends a request without a body, with exactly these headers. */
function sendWithoutBody(
  service: TestService,
  method: string,
  path: string,
  headers: Record<string, string>,
): Promise<HttpResponse> {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return sendRaw(service.url, `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`);
}

describe('a service without an API key', () => {
  let service: TestService;
  /** The `Host` header of a request to the service. */
  let ownHost: string;
  const STREAM = '/v1/conversations/one/stream';
  beforeAll(async () => {
    service = await TestService.start({ modules: [RouteRecorderModule] });
    ownHost = new URL(service.url).host;
    await service.http.put('one');
    await service.http.say('one', 'hello');
  });
  afterAll(() => service.stop());

  const record = async () => (await service.http.get('one')).body;

  it.each<[string, Record<string, string>]>([
    ['from a foreign page', { host: 'localhost', origin: EVIL }],
    ['from a page without an origin', { host: 'localhost', origin: 'null' }],
    ['with a foreign host name', { host: 'evil.test' }],
    [
      'from a page whose host name resolves to this machine',
      { host: 'evil.test', origin: 'http://evil.test' },
    ],
  ])(
    'returns 403 to requests %s on every route and upgrade except the probes, and writes nothing',
    async (_, headers) => {
      const { routes } = service.app.get(RouteRecorder);
      const before = await record();
      const paths = routes.map(({ method, url }): [string, string] => [method, url.replace(':id', 'one')]);
      expect(paths.length).toBeGreaterThanOrEqual(12);
      paths.push(['GET', '/docs'], ['GET', '/docs-json'], ['GET', '/docs/swagger-ui.css'], ['GET', '/nope']);
      for (const [method, path] of paths) {
        const body = ['PUT', 'POST', 'PATCH'].includes(method) ? '{"token_budget":1}' : '';
        const type = body && { 'content-type': 'application/json', 'content-length': String(body.length) };
        const connection = await RawConnection.open(service.url);
        const lines = Object.entries({ ...headers, ...type }).map(([name, value]) => `${name}: ${value}\r\n`);
        connection.write(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`);
        const response = await connection.response({ toHead: method === 'HEAD' });
        connection.close();
        const isProbe = path.startsWith('/health/');
        if (method === 'HEAD' || isProbe)
          expect([path, response.status]).toEqual([path, isProbe ? 200 : 403]);
        else expectError(response, 403);
        expect(response.headers.get('access-control-allow-origin')).toBeNull();
      }
      for (const path of [STREAM, `${STREAM}?cursor=x`, '/v1/conversations/absent/stream', '/nope'])
        expectError(await sendUpgrade(service.url, path, headers), 403);
      const preflight = {
        ...headers,
        origin: headers.origin ?? EVIL,
        'access-control-request-method': 'PUT',
      };
      expectError(await sendWithoutBody(service, 'OPTIONS', '/v1/conversations/one', preflight), 403);
      expect(await record()).toEqual(before);
    },
  );

  it('rejects foreign pages and host names before the body is read', async () => {
    for (const headers of [`host: ${ownHost}\r\norigin: ${EVIL}`, 'host: evil.test']) {
      const response = await sendRaw(
        service.url,
        `PUT /v1/conversations/one HTTP/1.1\r\n${headers}\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{`,
      );
      expectError(response, 403);
    }
  });

  it('lets pages of its own origin read, write and follow', async () => {
    for (const scheme of ['http', 'https']) {
      const origin = `${scheme}://${ownHost}`;
      const headers = { origin };
      const written = await service.http.append('one', { event: EVENT }, headers);
      expect(written.status).toBe(201);
      expect((await service.http.request('GET', '/v1/conversations/one', { headers })).status).toBe(200);
      expect((await sendUpgrade(service.url, STREAM, { host: ownHost, origin })).status).toBe(101);
    }
  });

  it('sends no CORS headers and no Vary header', async () => {
    const { headers } = await service.http.request('GET', '/v1/conversations/one', {
      headers: { origin: service.url },
    });
    expect([...headers.keys()].filter((name) => /^(access-control|vary)/.test(name))).toEqual([]);
  });

  it('lets pages of FASTPACA_ALLOWED_ORIGINS read, write and follow', async () => {
    const other = await TestService.start({
      env: { FASTPACA_ALLOWED_ORIGINS: APP, FASTPACA_ALLOWED_HOSTS: 'fastpaca' },
      database: service.database,
    });
    try {
      const written = await other.http.append('one', { event: EVENT }, { origin: APP });
      expect([written.status, written.headers.get('access-control-allow-origin')]).toEqual([201, APP]);
      expect((await sendUpgrade(other.url, STREAM, { host: 'fastpaca:4000', origin: APP })).status).toBe(101);
      expectError(await other.http.append('one', { event: EVENT }, { origin: EVIL }), 403);
      expectError(await sendUpgrade(other.url, STREAM, { host: 'fastpaca:4000', origin: EVIL }), 403);
    } finally {
      await other.stop();
    }
  });
});

describe('a service with an API key and allowed origins', () => {
  let service: TestService;
  const bearer = { authorization: `Bearer ${KEY}` };
  beforeAll(async () => {
    service = await TestService.start({
      env: { FASTPACA_API_KEY: KEY, FASTPACA_ALLOWED_ORIGINS: `http://localhost:3000,${APP}` },
    });
    await service.http.request('PUT', '/v1/conversations/one', {
      body: { token_budget: 100 },
      headers: bearer,
    });
    await service.http.append('one', { event: EVENT }, bearer);
  });
  afterAll(() => service.stop());

  const get = (path: string, headers: Record<string, string>) =>
    service.http.request('GET', `/v1/conversations/${path}`, { headers });
  const cors = ({ headers }: HttpResponse) => ({
    origin: headers.get('access-control-allow-origin'),
    exposed: headers.get('access-control-expose-headers'),
    vary: headers.get('vary'),
  });
  const GRANTED = { origin: APP, exposed: 'ETag, Retry-After, X-Request-Id', vary: 'Origin' };
  const NOT_GRANTED = { origin: null, exposed: null, vary: 'Origin' };

  it('grants preflight requests of an allowed origin without a key, for every route, method and header', async () => {
    for (const path of [
      '/v1/conversations/one',
      '/v1/conversations/one/events',
      '/v1/conversations/a%2Fb',
      '/nope',
    ]) {
      const response = await service.http.request('OPTIONS', path, {
        headers: {
          origin: APP,
          'access-control-request-method': 'PUT',
          'access-control-request-headers': 'authorization,content-type,x-request-id',
        },
      });
      expect([response.status, response.text]).toEqual([204, '']);
      expect(response.headers.get('x-request-id')).toBeTruthy();
      expect(cors(response)).toEqual(GRANTED);
      const list = (name: string) => (response.headers.get(name) ?? '').toLowerCase().split(', ').sort();
      expect(list('access-control-allow-methods')).toEqual(['delete', 'get', 'head', 'patch', 'post', 'put']);
      expect(list('access-control-allow-headers')).toEqual([
        'authorization',
        'content-type',
        'idempotency-key',
        'if-none-match',
        'last-event-id',
        'x-request-id',
      ]);
      expect(response.headers.get('access-control-max-age')).toBe('7200');
      expect(response.headers.get('access-control-allow-credentials')).toBeNull();
    }
  });

  it.each([EVIL, 'null', `${APP}.evil.test`, 'http://localhost:3001'])(
    'does not grant preflight requests of another origin: %s',
    async (origin) => {
      const headers = { origin, 'access-control-request-method': 'PUT' };
      const response = await service.http.request('OPTIONS', '/v1/conversations/one', { headers });
      expectError(response, 401);
      expect(cors(response)).toEqual(NOT_GRANTED);
      expect([...response.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
    },
  );

  it('lets an allowed origin read every response, including errors', async () => {
    const etag = (await get('one/window', { ...bearer, origin: APP })).headers.get('etag')!;
    for (const [path, headers, status] of [
      ['one', bearer, 200],
      ['one/events', bearer, 200],
      ['one/window', { ...bearer, 'if-none-match': etag }, 304],
      ['one', {}, 401],
      ['one', { authorization: 'Bearer wrong' }, 401],
      ['absent', bearer, 404],
      ['one/events?limit=0', bearer, 400],
      ['one/window?if_version=9', bearer, 409],
      ['one/stream', bearer, 426],
    ] as [string, Record<string, string>, number][]) {
      const response = await get(path, { ...headers, origin: APP });
      expect([path, response.status, cors(response)]).toEqual([path, status, GRANTED]);
    }
    const stream = await fetch(`${service.url}/v1/conversations/one/stream`, {
      headers: { ...bearer, origin: APP, accept: 'text/event-stream' },
    });
    expect([stream.status, stream.headers.get('access-control-allow-origin')]).toEqual([200, APP]);
    await stream.body!.cancel();
    expect(
      (await get('one', { ...bearer, origin: 'http://localhost:3000' })).headers.get(
        'access-control-allow-origin',
      ),
    ).toBe('http://localhost:3000');
  });

  it('serves requests with the key from any other origin, without CORS headers', async () => {
    for (const origin of [{ origin: EVIL }, { origin: 'null' }, {}] as Record<string, string>[]) {
      const read = await get('one', { ...bearer, ...origin });
      expect([read.status, cors(read)]).toEqual([200, NOT_GRANTED]);
      const written = await service.http.append('one', { event: EVENT }, { ...bearer, ...origin });
      expect([written.status, cors(written)]).toEqual([201, NOT_GRANTED]);
    }
    expect((await sendWithoutBody(service, 'GET', '/metrics', { host: 'any.example' })).status).toBe(200);
  });

  it('returns 403 to an upgrade from another origin before it checks the key', async () => {
    const path = '/v1/conversations/one/stream';
    for (const origin of [EVIL, 'null', 'https://localhost:1']) {
      for (const key of [bearer, { authorization: 'Bearer wrong' }, {}]) {
        expectError(await sendUpgrade(service.url, path, { ...key, origin }), 403);
        expectError(await sendUpgrade(service.url, '/nope', { ...key, origin }), 403);
      }
    }
    for (const origin of [{ origin: APP }, { origin: 'http://localhost' }, {}] as Record<string, string>[])
      expect((await sendUpgrade(service.url, path, { ...bearer, ...origin })).status).toBe(101);
    expectError(await sendUpgrade(service.url, path, { origin: APP }), 401);
  });

  it('lets an allowed origin read the 503 and Retry-After during shutdown', async () => {
    void service.app.get(Lifecycle).drain(0);
    const response = await get('one', { ...bearer, origin: APP });
    expectError(response, 503);
    expect(cors(response)).toEqual(GRANTED);
  });
});
