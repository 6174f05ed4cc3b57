import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AUTHENTICATOR, type Authenticator } from '../../src/auth/authenticator.js';
import { SCOPES, type Scope } from '../../src/auth/scopes.js';
import { expectError } from '../support/error-shape.js';
import type { HttpResponse } from '../support/http-client.js';
import { RawConnection, sendRaw } from '../support/raw-http.js';
import { RouteRecorder, RouteRecorderModule } from '../support/route-recorder.js';
import { TestService } from '../support/test-service.js';

const OLD_KEY = 'fp-old-0123456789';
const NEW_KEY = 'fp-new-9876543210';
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

describe('a service without an API key', () => {
  let service: TestService;
  beforeAll(async () => (service = await TestService.start()));
  afterAll(() => service.stop());

  it('accepts every request, with any Authorization header', async () => {
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

describe('a service with two API keys', () => {
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

  it('accepts either key for the same conversations', async () => {
    for (const key of [OLD_KEY, NEW_KEY]) expect((await read(bearer(key))).status).toBe(200);
  });

  it.each(['bearer', 'BEARER', 'bEaReR'])('accepts the scheme in any case: %s', async (scheme) => {
    expect((await read({ authorization: `${scheme} ${NEW_KEY}` })).status).toBe(200);
    expect((await read({ authorization: `${scheme}   ${NEW_KEY}  ` })).status).toBe(200);
  });

  it.each<[name: string, headers: Record<string, string>]>([
    ['no key', {}],
    ['another key', bearer('fp-other')],
    ['a key without its last character', bearer(OLD_KEY.slice(0, -1))],
    ['a key with a suffix', bearer(`${OLD_KEY}x`)],
    ['a key in another case', bearer(OLD_KEY.toUpperCase())],
    ['both keys', bearer(`${OLD_KEY},${NEW_KEY}`)],
    ['both keys with a space', bearer(`${OLD_KEY}, ${NEW_KEY}`)],
    ['an empty key', { authorization: 'Bearer ' }],
    ['a key without its scheme', { authorization: OLD_KEY }],
    ['another scheme', { authorization: `Basic ${OLD_KEY}` }],
    ['no space between the scheme and the key', { authorization: `Bearer${OLD_KEY}` }],
    ['a key in another header', { 'x-api-key': OLD_KEY }],
  ])('returns 401 for %s', async (_, headers) => {
    const response = await read(headers);
    expectError(response, 401);
    expect(response.text).not.toContain('fp-');
  });

  it('returns 401 for a key in the query', async () => {
    expectError(await service.http.request('GET', `/v1/conversations/one?api_key=${OLD_KEY}`), 401);
  });

  it('returns 401 on every route under /v1, HEAD included, and writes nothing', async () => {
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

  it('serves health, metrics and docs without a valid key', async () => {
    for (const path of ['/health/live', '/health/ready', '/metrics', '/docs', '/docs-json', '/docs-yaml']) {
      for (const headers of [{}, bearer('wrong')]) {
        expect((await service.http.request('GET', path, { headers })).status).toBe(200);
      }
    }
  });

  it('returns 401 for an unknown route under /v1 without a key, and 404 with one', async () => {
    for (const path of ['/v1', '/v1/', '/v1/nope', '/v1?x=1', '/v1/conversations/one/nope']) {
      expectError(await service.http.request('GET', path), 401);
      expectError(await service.http.request('GET', path, { headers: bearer(NEW_KEY) }), 404);
    }
    expectError(await service.http.request('OPTIONS', '/v1/conversations/one'), 401);
    expectError(await service.http.request('GET', '/nope'), 404);
  });

  describe('a wrong key', () => {
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
    ])('is rejected with 401 before a body %s is read', async (_, rest) => {
      expectError(await sendRaw(service.url, head + rest), 401);
    });

    it('is rejected with 401 when the client sends 9 MiB', async () => {
      const connection = await RawConnection.open(service.url);
      connection.write(`${head}content-type: application/json\r\ncontent-length: ${9 * 1024 * 1024}\r\n\r\n`);
      connection.write(Buffer.alloc(9 * 1024 * 1024, 'x'));
      expectError(await connection.response(), 401);
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

  /** Makes every later request use these scopes in this namespace. */
  const setPrincipal = (scopes: readonly Scope[], namespace = 'default') => {
    const keys = service.app.get<Authenticator>(AUTHENTICATOR, { strict: false });
    keys.authenticate = () => ({ namespace, scopes: new Set(scopes) });
  };

  /** Scopes of routes that are not built yet. */
  const RESERVED: readonly Scope[] = ['keys:write', 'events:import'];

  it('are declared by every route, and none is unused', () => {
    const recorder = service.app.get(RouteRecorder);
    expect(recorder.undeclared()).toEqual([]);
    const used = new Set([...recorder.routes, ...recorder.exceptions].map(({ scope }) => scope));
    const expected = SCOPES.filter((scope) => !RESERVED.includes(scope));
    expect([...used].sort()).toEqual([...expected, 'public'].sort());
  });

  it('are required by exactly the routes under /v1', () => {
    const { routes } = service.app.get(RouteRecorder);
    for (const { url, scope } of routes) expect(scope === 'public').toBe(!url.startsWith('/v1/'));
  });

  it.each([...SCOPES])(
    'cause a 403 on exactly the routes that require %s when the key lacks it',
    async (missing) => {
      const { routes, exceptions } = service.app.get(RouteRecorder);
      setPrincipal(SCOPES.filter((scope) => scope !== missing));
      for (const { method, url, scope } of [...routes, ...exceptions].filter(
        ({ method }) => method !== 'HEAD',
      )) {
        const path = url.replace(':id', 'guarded');
        const response = await service.http.request(method, path, {
          body: method === 'GET' ? undefined : '{}',
        });
        if (scope === missing) {
          expectError(response, 403);
          expect(response.body.message).toContain(missing);
        } else expect(response.status).not.toBe(403);
      }
    },
  );

  it('are checked before the body is read', async () => {
    setPrincipal([]);
    const response = await sendRaw(
      service.url,
      'PUT /v1/conversations/one HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{',
    );
    expectError(response, 403);
  });

  it('do not give access to conversations in the namespace of another key', async () => {
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
