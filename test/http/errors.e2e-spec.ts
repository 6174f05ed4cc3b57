import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { expectError } from '../support/error-shape.js';
import { RawConnection, sendRaw } from '../support/raw-http.js';
import { EVENT, ROUTES } from '../support/routes.js';
import { TestService } from '../support/test-service.js';

let service: TestService;
beforeAll(async () => {
  service = await TestService.start();
  for (const id of ['one', 'counted']) await service.http.put(id);
});
afterAll(() => service.stop());

const call = (method: string, rest: string, options = {}) =>
  service.http.request(method, service.http.path('one', rest), options);

describe('a request path', () => {
  it.each([
    '/v1/conversations/%E0%A4%A/window',
    '/v1/conversations/%zz',
    '/v1/conversations/%',
    '/v1/conversations/%ff/events',
    '/%ff',
  ])('is rejected with 400 if its percent-encoding is invalid: %s', async (path) => {
    expectError(await sendRaw(service.url, `GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`), 400);
  });

  it.each([
    '/v1',
    '/v1/',
    '/v1/conversations/',
    '/v1/conversations/one/nope',
    '/v2/x',
    '/V1/conversations/one',
    '/favicon.ico',
    '/v1/conversations/one/events/1',
    '//v1/conversations/one',
  ])('is rejected with 404 if it matches no route: %s', async (path) => {
    for (const method of ['GET', 'POST', 'DELETE']) {
      const response = await service.http.request(method, path);
      expectError(response, 404);
      expect(response.body.message).toBe('No such route');
    }
  });

  it('is rejected with 404 if the route does not have the method', async () => {
    const methodsOf = new Map<string, string[]>();
    for (const [method, rest] of ROUTES) methodsOf.set(rest, [...(methodsOf.get(rest) ?? []), method]);
    for (const [rest, methods] of methodsOf) {
      for (const method of ['GET', 'PUT', 'PATCH', 'POST', 'DELETE'].filter(
        (each) => !methods.includes(each),
      )) {
        expectError(await call(method, rest, { body: method === 'GET' ? undefined : {} }), 404);
      }
    }
    for (const path of ['/health/live', '/health/ready', '/metrics', '/docs-json']) {
      expectError(await service.http.request('POST', path, { body: {} }), 404);
    }
  });

  it('is rejected with 404 if the conversation does not exist', async () => {
    for (const [method, rest, body] of ROUTES.filter(([method]) => method !== 'PUT')) {
      const response = await service.http.request(method, service.http.path('absent', rest), { body });
      expectError(response, 404);
      expect(response.body.message).toContain('conversation');
    }
  });

  it.each([
    ['a control character', '%00'],
    ['a line break', 'a%0Ab'],
    ['a control character above ASCII', '%C2%85'],
    ['256 characters', 'x'.repeat(256)],
    ['256 characters outside the basic multilingual plane', encodeURIComponent('😀'.repeat(256))],
    ['4,000 characters', 'x'.repeat(4000)],
  ])('is rejected with 400 on every route if the id has %s', async (_, id) => {
    for (const [method, rest, body] of ROUTES) {
      const response = await service.http.request(method, `/v1/conversations/${id}${rest}`, { body });
      expectError(response, 400);
      expect(response.body.details).toEqual([expect.objectContaining({ path: 'id' })]);
    }
  });
});

describe('the request id', () => {
  it.each(['a', 'req-1', 'A.b:c@d+e/f=g-h_i', '0af7651916cd43dd8448eb211c80319c', 'x'.repeat(128)])(
    "is the caller's x-request-id if it is valid: %s",
    async (id) => {
      for (const path of ['/v1/conversations/one', '/nope', '/health/live', '/v1/conversations/one?x=1']) {
        const response = await service.http.request('GET', path, { headers: { 'x-request-id': id } });
        expect(response.headers.get('x-request-id')).toBe(id);
        if (response.status >= 400) expect(response.body.request_id).toBe(id);
      }
    },
  );

  it.each(['', 'with space', 'x'.repeat(129), '<script>', 'ü', '"', 'a\tb'])(
    'is generated if the caller\'s x-request-id is invalid: "%s"',
    async (id) => {
      const responses = [];
      for (const path of ['/v1/conversations/one', '/nope', '/%ff'])
        responses.push(
          await sendRaw(
            service.url,
            `GET ${path} HTTP/1.1\r\nhost: localhost\r\nx-request-id: ${id}\r\n\r\n`,
          ),
        );
      const generated = responses.map(({ headers }) => headers.get('x-request-id'));
      expect(new Set(generated).size).toBe(3);
      for (const id of generated) expect(id).toMatch(/^[0-9a-f-]{36}$/);
    },
  );

  it('is on every response, including responses without a body', async () => {
    await service.http.put('gone');
    const response = await service.http.delete('gone');
    expect(response.status).toBe(204);
    expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    for (const path of ['/metrics', '/docs', '/docs-json']) {
      expect((await service.http.request('GET', path)).headers.get('x-request-id')).toBeTruthy();
    }
  });
});

describe('other HTTP methods', () => {
  it('return for HEAD the status and content type of GET, without the body', async () => {
    const get = await service.http.get('one');
    const head = await service.http.request('HEAD', service.http.path('one'));
    expect(head.status).toBe(200);
    expect(head.text).toBe('');
    expect(head.headers.get('content-type')).toBe(get.headers.get('content-type'));
    const absent = await service.http.request('HEAD', service.http.path('absent'));
    expect(absent.status).toBe(404);
    expect(absent.text).toBe('');
  });

  it('return 404 for OPTIONS', async () => {
    for (const path of ['/v1/conversations/one', '/nope'])
      expectError(await service.http.request('OPTIONS', path), 404);
  });

  it.each(['TRACE', 'PROPFIND', 'SEARCH', 'M-SEARCH', 'LOCK'])('return 404 for %s', async (method) => {
    expectError(
      await sendRaw(service.url, `${method} /v1/conversations/one HTTP/1.1\r\nhost: localhost\r\n\r\n`),
      404,
    );
  });
});

describe('malformed or unusual HTTP', () => {
  it.each([
    ['another protocol', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
    ['a request line that is not HTTP', 'hello there\r\n\r\n'],
    ['an unknown method', 'FROBNICATE /v1/conversations/one HTTP/1.1\r\nhost: localhost\r\n\r\n'],
    ['a header without a colon', 'GET / HTTP/1.1\r\nhost: localhost\r\nnonsense\r\n\r\n'],
    [
      'a content-length that is not a number',
      'POST /v1/conversations/one/events HTTP/1.1\r\nhost: localhost\r\ncontent-length: ten\r\n\r\n',
    ],
    [
      'content-length together with chunked encoding',
      'POST /v1/conversations/one/events HTTP/1.1\r\nhost: localhost\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
  ])('is rejected with 400 and a closed connection: %s', async (_, data) => {
    const connection = await RawConnection.open(service.url);
    expectError(await connection.write(data).response(), 400);
    await connection.end();
  });

  it('is rejected with 400 without a Host header, except for HTTP/1.0', async () => {
    for (const path of ['/health/live', '/v1/conversations/one', '/nope']) {
      expectError(await sendRaw(service.url, `GET ${path} HTTP/1.1\r\n\r\n`), 400);
    }
    expect((await sendRaw(service.url, 'GET /v1/conversations/one HTTP/1.0\r\n\r\n')).status).toBe(200);
  });

  it('is handled as usual with an unknown Expect header', async () => {
    for (const [path, status] of [
      ['/v1/conversations/one', 200],
      ['/v1/conversations/absent', 404],
    ] as const) {
      const response = await sendRaw(
        service.url,
        `GET ${path} HTTP/1.1\r\nhost: localhost\r\nexpect: a-miracle\r\n\r\n`,
      );
      expect(response.status).toBe(status);
      expect(response.headers.get('x-request-id')).toBeTruthy();
    }
  });

  it('receives 100 before the body if it expects 100-continue', async () => {
    const body = JSON.stringify({ event: EVENT });
    const connection = await RawConnection.open(service.url);
    connection.write(
      'POST /v1/conversations/one/events HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n' +
        `expect: 100-continue\r\ncontent-length: ${body.length}\r\n\r\n`,
    );
    expect((await connection.response({ toHead: true })).status).toBe(100);
    expect((await connection.write(body).response()).status).toBe(201);
    connection.close();
  });

  it('closes the connection for the method CONNECT', async () => {
    const connection = await RawConnection.open(service.url);
    await connection.write('CONNECT example.org:443 HTTP/1.1\r\nhost: example.org\r\n\r\n').end();
  });

  it('is rejected with 400 if a chunk of the body is malformed', async () => {
    const response = await sendRaw(
      service.url,
      'POST /v1/conversations/one/events HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n',
    );
    expectError(response, 400);
  });

  it('is rejected with 431 and an error body if the headers are too long', async () => {
    const response = await sendRaw(
      service.url,
      `GET /health/live HTTP/1.1\r\nhost: localhost\r\nx: ${'y'.repeat(70_000)}\r\n\r\n`,
    );
    expect(response.status).toBe(431);
    expect(response.body).toEqual({
      error: 'invalid_payload',
      message: expect.stringMatching(/\S/),
      details: [expect.any(Object)],
      request_id: response.headers.get('x-request-id'),
    });
  });

  it('does not affect other requests', async () => {
    const connections = await Promise.all(Array.from({ length: 20 }, () => RawConnection.open(service.url)));
    for (const [index, connection] of connections.entries()) {
      connection.write(
        index % 2
          ? 'POST /v1/conversations/one/events HTTP/1.1\r\nhost: localhost\r\ncontent-length: 99\r\n\r\n{'
          : '\x00',
      );
      connection.close();
    }
    expect((await service.http.get('one')).status).toBe(200);
  });
});

describe('a rejected request', () => {
  it('leaves the conversation and its log unchanged', async () => {
    await service.http.say('counted', 'first');
    const before = (await service.http.get('counted')).body;
    const responses = await Promise.all([
      service.http.append('counted', { event: EVENT, if_versio: 1 }),
      service.http.append('counted', { events: [EVENT, { role: 'user' }] }),
      service.http.append('counted', { event: EVENT, if_version: 0 }),
      service.http.request('POST', '/v1/conversations/counted/events?x=1', { body: { event: EVENT } }),
      service.http.put('counted', { token_budget: 5, x: 1 }),
      service.http.patch('counted', 7),
      service.http.compact('counted', { from_seq: 1, to_seq: 9, replacement: [EVENT] }),
      service.http.compact('counted', { from_seq: 1, to_seq: 1, replacement: 7 }),
      service.http.request('DELETE', '/v1/conversations/counted?force=true'),
    ]);
    expect(responses.map(({ status }) => status)).toEqual([400, 400, 409, 400, 400, 400, 400, 400, 400]);
    expect((await service.http.get('counted')).body).toEqual(before);
    expect((await service.http.events('counted')).body.events).toHaveLength(1);
  });
});
