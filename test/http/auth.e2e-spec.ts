import { Controller, Get, Module } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApiKeys } from '../../src/auth/api-keys.js';
import { SCOPES, type Scope } from '../../src/auth/scopes.js';
import { expectError } from '../support/error-shape.js';
import type { HttpResponse } from '../support/http-client.js';
import { RawConnection, sendRaw } from '../support/raw-http.js';
import { RouteRecorder, RouteRecorderModule } from '../support/route-recorder.js';
import { TestService } from '../support/test-service.js';

const OLD_KEY = 'fp-old-0123456789';
const NEW_KEY = 'fp-new-9876543210';
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

describe('without a configured key', () => {
  let service: TestService;
  beforeAll(async () => (service = await TestService.start()));
  afterAll(() => service.stop());

  it('every request is accepted, whatever key it has', async () => {
    expect((await service.http.put('open')).status).toBe(201);
    for (const authorization of ['Bearer anything', 'Basic eDp5', 'nonsense']) {
      const response = await service.http.request('GET', '/v1/conversations/open', {
        headers: { authorization },
      });
      expect(response.status).toBe(200);
    }
    expectError(await service.http.request('GET', '/v1/nope'), 404);
  });
});

describe('with two keys', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await TestService.start({
      env: { FASTPACA_API_KEY: `${OLD_KEY}, ${NEW_KEY}` },
      modules: [RouteRecorderModule],
    });
    await service.http.request('PUT', '/v1/conversations/one', {
      body: { token_budget: 100 },
      headers: bearer(OLD_KEY),
    });
  });
  afterAll(() => service.stop());

  const read = (headers: Record<string, string>): Promise<HttpResponse> =>
    service.http.request('GET', '/v1/conversations/one', { headers });

  it('each of them gives access to the same conversations', async () => {
    for (const key of [OLD_KEY, NEW_KEY]) expect((await read(bearer(key))).status).toBe(200);
  });

  it.each(['bearer', 'BEARER', 'bEaReR'])('the scheme is accepted in any case: %s', async (scheme) => {
    expect((await read({ authorization: `${scheme} ${NEW_KEY}` })).status).toBe(200);
    expect((await read({ authorization: `${scheme}   ${NEW_KEY}  ` })).status).toBe(200);
  });

  it.each<[name: string, headers: Record<string, string>]>([
    ['no key', {}],
    ['another key', bearer('fp-other')],
    ['the beginning of a key', bearer(OLD_KEY.slice(0, -1))],
    ['a key with a suffix', bearer(`${OLD_KEY}x`)],
    ['a key in another case', bearer(OLD_KEY.toUpperCase())],
    ['both keys', bearer(`${OLD_KEY},${NEW_KEY}`)],
    ['both keys with a space', bearer(`${OLD_KEY}, ${NEW_KEY}`)],
    ['an empty key', { authorization: 'Bearer ' }],
    ['a key without its scheme', { authorization: OLD_KEY }],
    ['another scheme', { authorization: `Basic ${OLD_KEY}` }],
    ['a scheme without a space before its key', { authorization: `Bearer${OLD_KEY}` }],
    ['a key in another header', { 'x-api-key': OLD_KEY }],
  ])('401 for %s', async (_, headers) => {
    const response = await read(headers);
    expectError(response, 401);
    expect(response.text).not.toContain('fp-');
  });

  it('401 for a key in the query', async () => {
    expectError(await service.http.request('GET', `/v1/conversations/one?api_key=${OLD_KEY}`), 401);
  });

  it('401 on every route of the API, HEAD included, and nothing is written', async () => {
    const { routes } = service.app.get(RouteRecorder);
    const guarded = routes.filter(({ scope }) => scope !== 'public');
    expect(guarded.length).toBeGreaterThanOrEqual(8);
    for (const { method, url } of guarded) {
      const body = ['GET', 'HEAD'].includes(method) ? undefined : { token_budget: 1 };
      const response = await service.http.request(method, url.replace(':id', 'sneaked'), { body });
      if (method === 'HEAD') expect(response.status).toBe(401);
      else expectError(response, 401);
    }
    expect(await service.database.query("SELECT FROM fastpaca.conversations WHERE id = 'sneaked'")).toEqual(
      [],
    );
  });

  it('health, metrics and docs are open', async () => {
    for (const path of ['/health/live', '/health/ready', '/metrics', '/docs', '/docs-json', '/docs-yaml']) {
      for (const headers of [{}, bearer('wrong')]) {
        expect((await service.http.request('GET', path, { headers })).status).toBe(200);
      }
    }
  });

  it('an unknown route under /v1 is 401 without a key and 404 with one', async () => {
    for (const path of [
      '/v1',
      '/v1/',
      '/v1/nope',
      '/v1?x=1',
      '/v1/conversations',
      '/v1/conversations/one/nope',
    ]) {
      expectError(await service.http.request('GET', path), 401);
      expectError(await service.http.request('GET', path, { headers: bearer(NEW_KEY) }), 404);
    }
    expectError(await service.http.request('OPTIONS', '/v1/conversations/one'), 401);
    expectError(await service.http.request('GET', '/nope'), 404);
  });

  describe('the key is checked before the body is read', () => {
    const head =
      'POST /v1/conversations/one/events HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer wrong\r\n';

    it.each([
      ['of the wrong type', 'content-type: text/plain\r\ncontent-length: 3\r\n\r\nabc'],
      ['that is not JSON', 'content-type: application/json\r\ncontent-length: 3\r\n\r\n{"a'],
      ['over the limit', 'content-type: application/json\r\ncontent-length: 9000000\r\n\r\n'],
      [
        'that never ends',
        'content-type: application/json\r\ncontent-length: 1000\r\n\r\n{"event": {"role": "us',
      ],
      [
        'of chunks that never end',
        'content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{"eve\r\n',
      ],
    ])('401 for a body %s', async (_, rest) => {
      expectError(await sendRaw(service.url, head + rest), 401);
    });

    it('401 for 9 MiB that do arrive', async () => {
      const connection = await RawConnection.open(service.url);
      connection.write(`${head}content-type: application/json\r\ncontent-length: ${9 * 1024 * 1024}\r\n\r\n`);
      connection.write(Buffer.alloc(9 * 1024 * 1024, 'x'));
      expectError(await connection.answer(), 401);
      connection.close();
    });
  });
});

describe('scopes', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await TestService.start({
      env: { FASTPACA_API_KEY: OLD_KEY },
      modules: [RouteRecorderModule],
    });
  });
  afterAll(() => service.stop());

  /** From now on every request acts with these scopes in this namespace. */
  const setPrincipal = (scopes: readonly Scope[], namespace = 'default') => {
    const keys = service.app.get(ApiKeys, { strict: false });
    keys.authenticate = () => ({ namespace, scopes: new Set(scopes) });
  };

  it('are declared by every route, and every scope is used', () => {
    const recorder = service.app.get(RouteRecorder);
    expect(recorder.undeclared()).toEqual([]);
    const used = new Set(recorder.routes.map(({ scope }) => scope));
    expect([...used].sort()).toEqual([...SCOPES, 'public'].sort());
  });

  it('are required by every route under /v1, and by no other', () => {
    const { routes } = service.app.get(RouteRecorder);
    for (const { url, scope } of routes) expect(scope === 'public').toBe(!url.startsWith('/v1/'));
  });

  it('are missing on a route that declares none, which requires a key', async () => {
    @Controller('v1/forgotten')
    class ForgottenController {
      @Get()
      get() {
        return {};
      }
    }
    @Module({ controllers: [ForgottenController] })
    class ForgottenModule {}
    const other = await TestService.start({
      env: { FASTPACA_API_KEY: OLD_KEY },
      modules: [RouteRecorderModule, ForgottenModule],
      database: service.database,
    });
    try {
      expect(other.app.get(RouteRecorder).undeclared()).toEqual(['GET /v1/forgotten', 'HEAD /v1/forgotten']);
      expectError(await other.http.request('GET', '/v1/forgotten'), 401);
    } finally {
      await other.stop();
    }
  });

  it.each([...SCOPES])('403 for a key that lacks %s, and only for that', async (lacking) => {
    const { routes } = service.app.get(RouteRecorder);
    setPrincipal(SCOPES.filter((scope) => scope !== lacking));
    for (const { method, url, scope } of routes.filter(({ method }) => method !== 'HEAD')) {
      const path = url.replace(':id', 'guarded');
      const response = await service.http.request(method, path, {
        body: method === 'GET' ? undefined : '{}',
      });
      if (scope === lacking) {
        expectError(response, 403);
        expect(response.body.message).toContain(lacking);
      } else expect(response.status).not.toBe(403);
    }
  });

  it('are checked before the body is read', async () => {
    setPrincipal([]);
    const response = await sendRaw(
      service.url,
      'PUT /v1/conversations/one HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{',
    );
    expectError(response, 403);
  });

  it('do not reach conversations in the namespace of another key', async () => {
    setPrincipal(SCOPES, 'tenant-a');
    await service.http.put('shared', { token_budget: 100 });
    await service.http.say('shared', 'of a');
    setPrincipal(SCOPES, 'tenant-b');
    expectError(await service.http.get('shared'), 404);
    expectError(await service.http.events('shared'), 404);
    expectError(await service.http.say('shared', 'of b'), 404);
    expect((await service.http.put('shared', { token_budget: 200 })).status).toBe(201);
    expect((await service.http.delete('shared')).status).toBe(204);
    setPrincipal(SCOPES, 'tenant-a');
    expect((await service.http.get('shared')).body).toMatchObject({
      token_budget: 100,
      last_seq: 1,
      tombstoned: false,
    });
  });
});
