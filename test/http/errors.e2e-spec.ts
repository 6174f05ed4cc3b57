import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { expectError } from '../support/error-shape.js';
import type { Answer } from '../support/http-client.js';
import { RawConnection, sendRaw } from '../support/raw-http.js';
import { TestService } from '../support/test-service.js';

const BODY_LIMIT = 8 * 1024 * 1024;
const EVENT = { role: 'user', content: 'hello' };

/** Every route under /v1, and a body that it takes. */
const ROUTES: [method: string, rest: string, body?: Record<string, unknown>][] = [
  ['PUT', '', { token_budget: 100 }],
  ['GET', ''],
  ['PATCH', '/metadata', { metadata: {} }],
  ['POST', '/events', { event: EVENT }],
  ['GET', '/events'],
  ['GET', '/window'],
  ['POST', '/compact', { from_seq: 1, to_seq: 1, replacement: [EVENT] }],
  ['DELETE', ''],
];
const WITH_BODY = ROUTES.filter(([, , body]) => body);

let service: TestService;
beforeAll(async () => {
  service = await TestService.start();
  for (const id of ['one', 'counted']) await service.http.put(id);
});
afterAll(() => service.stop());

const call = (method: string, rest: string, options = {}) =>
  service.http.request(method, service.http.path('one', rest), options);

describe('a body that is not JSON', () => {
  const SECRET = 'sesame-4711';
  it.each([
    ['a broken object', `{"${SECRET}": `],
    ['a bare word', SECRET],
    ['a string without an end', `{"event": "${SECRET}`],
    ['two values', `{"a": "${SECRET}"} {}`],
    ['a trailing comma', `{"a": "${SECRET}",}`],
    ['a control character in a string', `{"a": "${SECRET}\u0001"}`],
    ['no bytes', ''],
    ['white space', ' \n'],
    ['a byte order mark alone', '\ufeff'],
    ['too many levels', `${'['.repeat(100_000)}"${SECRET}"`],
  ])('is answered 400 without being quoted: %s', async (_, body) => {
    for (const [method, rest] of WITH_BODY) {
      const answer = await call(method, rest, { body });
      expectError(answer, 400);
      expect(answer.body.message).toMatch(/JSON/);
      expect(answer.text).not.toContain(SECRET.slice(0, 6));
    }
  });

  it('is answered 400 when it is JSON but not UTF-8', async () => {
    const body = Buffer.concat([
      Buffer.from('{"event":{"role":"user","content":"'),
      Buffer.of(0xff, 0xfe),
      Buffer.from('"}}'),
    ]);
    const answer = await sendRaw(
      service.url,
      Buffer.concat([
        Buffer.from(
          `POST /v1/conversations/one/events HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`,
        ),
        body,
      ]),
    );
    expectError(answer, 400);
    expect(answer.body.message).toContain('UTF-8');
  });

  it.each(['null', '[]', '[{}]', '1', '"text"', 'true'])(
    'is answered 400 when it is not an object: %s',
    async (body) => {
      for (const [method, rest] of WITH_BODY) expectError(await call(method, rest, { body }), 400);
    },
  );

  it('is answered 400 when there is no body at all', async () => {
    for (const [method, rest] of WITH_BODY) expectError(await call(method, rest), 400);
  });
});

describe('an oversized body', () => {
  const head =
    'POST /v1/conversations/one/events HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n';

  it('is answered 413 by its content-length, before it arrives', async () => {
    const answer = await sendRaw(service.url, `${head}content-length: ${BODY_LIMIT + 1}\r\n\r\n{`);
    expectError(answer, 413);
    expect(answer.body.message).toContain(String(BODY_LIMIT));
  });

  it('is answered 413 when a chunked stream passes the limit, before it ends', async () => {
    const connection = await RawConnection.open(service.url);
    connection.write(`${head}transfer-encoding: chunked\r\n\r\n`);
    const chunk = Buffer.alloc(1024 * 1024, 'x');
    for (let sent = 0; sent <= BODY_LIMIT; sent += chunk.length) {
      connection
        .write(`${chunk.length.toString(16)}\r\n`)
        .write(chunk)
        .write('\r\n');
    }
    expectError(await connection.answer(), 413);
    connection.close();
  });

  it('is taken up to the limit itself', async () => {
    const frame = JSON.stringify({
      event: { role: 'user', parts: [{ type: 'file', data: '' }], token_count: 1 },
    });
    const body = frame.replace('"data":""', `"data":"${'x'.repeat(BODY_LIMIT - frame.length)}"`);
    expect(Buffer.byteLength(body)).toBe(BODY_LIMIT);
    expect((await call('POST', '/events', { body })).status).toBe(201);
    expectError(await call('POST', '/events', { body: `${body} ` }), 413);
  });
});

describe('the media type', () => {
  it.each([
    'application/json',
    'application/json; charset=utf-8',
    'application/json;charset=UTF-8',
    'Application/JSON',
    'application/vnd.api+json',
  ])('is fine: %s', async (type) => {
    const answer = await call('POST', '/events', {
      body: { event: EVENT },
      headers: { 'content-type': type },
    });
    expect(answer.status).toBe(201);
  });

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/jsonx',
    'text/json-but-not',
    'nonsense',
    '',
  ])('is answered 415: "%s"', async (type) => {
    for (const [method, rest, body] of WITH_BODY) {
      expectError(
        await call(method, rest, { body: JSON.stringify(body), headers: { 'content-type': type } }),
        415,
      );
    }
  });

  it('is nothing to a DELETE, whose body is not read', async () => {
    for (const [type, body] of [
      ['application/json', ''],
      ['application/json', '{"a":1}'],
      ['text/plain', 'x'],
    ] as const) {
      const id = `deleted as ${type} ${body.length}`;
      await service.http.put(id);
      const answer = await sendRaw(
        service.url,
        `DELETE ${service.http.path(id)} HTTP/1.1\r\nhost: localhost\r\ncontent-type: ${type}\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
      );
      expect(answer.status).toBe(204);
    }
  });

  it('is answered 415 when there is a body and no content type', async () => {
    for (const [method, rest, body] of WITH_BODY) {
      const text = JSON.stringify(body);
      const answer = await sendRaw(
        service.url,
        `${method} /v1/conversations/one${rest} HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${text.length}\r\n\r\n${text}`,
      );
      expectError(answer, 415);
    }
  });

  it('is answered 415 when the body is compressed', async () => {
    for (const encoding of ['gzip', 'br', 'deflate']) {
      const bytes = gzipSync(JSON.stringify({ event: EVENT }));
      const answer = await sendRaw(
        service.url,
        Buffer.concat([
          Buffer.from(
            'POST /v1/conversations/one/events HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n' +
              `content-encoding: ${encoding}\r\ncontent-length: ${bytes.length}\r\n\r\n`,
          ),
          bytes,
        ]),
      );
      expectError(answer, 415);
    }
  });
});

describe('the path', () => {
  it.each([
    '/v1/conversations/%E0%A4%A/window',
    '/v1/conversations/%zz',
    '/v1/conversations/%',
    '/v1/conversations/%ff/events',
    '/%ff',
  ])('is answered 400 when its percent-encoding is broken: %s', async (path) => {
    expectError(await sendRaw(service.url, `GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`), 400);
  });

  it.each([
    '/',
    '/v1',
    '/v1/',
    '/v1/conversations',
    '/v1/conversations/',
    '/v1/conversations/one/nope',
    '/v2/x',
    '/V1/conversations/one',
    '/favicon.ico',
    '/v1/conversations/one/events/1',
    '//v1/conversations/one',
  ])('is answered 404 when there is no such route: %s', async (path) => {
    for (const method of ['GET', 'POST', 'DELETE']) {
      const answer = await service.http.request(method, path);
      expectError(answer, 404);
      expect(answer.body.message).toBe('No such route');
    }
  });

  it('is answered 404 on another method than its own', async () => {
    const taken = new Map<string, string[]>();
    for (const [method, rest] of ROUTES) taken.set(rest, [...(taken.get(rest) ?? []), method]);
    for (const [rest, methods] of taken) {
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

  it('is answered 404 with the conversation it lacks', async () => {
    for (const [method, rest, body] of ROUTES.filter(([method]) => method !== 'PUT')) {
      const answer = await service.http.request(method, service.http.path('absent', rest), { body });
      expectError(answer, 404);
      expect(answer.body.message).toContain('conversation');
    }
  });

  it.each([
    ['a control character', '%00'],
    ['a line break', 'a%0Ab'],
    ['a control character above ASCII', '%C2%85'],
    ['256 characters', 'x'.repeat(256)],
    ['256 characters beyond the first plane', encodeURIComponent('😀'.repeat(256))],
    ['4,000 characters', 'x'.repeat(4000)],
  ])('is answered 400 with an id of %s, on every route', async (_, id) => {
    for (const [method, rest, body] of ROUTES) {
      const answer = await service.http.request(method, `/v1/conversations/${id}${rest}`, { body });
      expectError(answer, 400);
      expect(answer.body.details).toEqual([expect.objectContaining({ path: 'id' })]);
    }
  });
});

describe('the envelope', () => {
  it('is refused for an unknown query parameter, which is named, on every route', async () => {
    for (const [method, rest, body] of ROUTES) {
      const answer = await call(method, `${rest}?if_versio=1`, { body });
      expectError(answer, 400);
      expect(answer.body.details).toEqual([{ path: 'if_versio', message: 'is not a known parameter' }]);
      expect(answer.body.message).toContain('if_versio');
    }
    expect((await service.http.get('one')).body.tombstoned).toBe(false);
  });

  it('is refused for unknown query parameters that are names of every object', async () => {
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '__proto__[x]']) {
      for (const [method, rest, body] of ROUTES) {
        expectError(await call(method, `${rest}?${encodeURIComponent(name)}=1`, { body }), 400);
      }
    }
  });

  it('is refused for a query parameter that is given twice', async () => {
    for (const path of [
      '/events?limit=1&limit=2',
      '/events?cursor=1&cursor=1',
      '/window?if_version=3&if_version=3',
    ]) {
      const answer = await call('GET', path);
      expectError(answer, 400);
      expect(answer.body.details).toEqual([
        { path: /\?(\w+)/.exec(path)![1], message: 'is given more than once' },
      ]);
    }
  });

  it.each(['', '1.0', '1e2', '0x10', ' 1', '+1', 'null', 'NaN', '١'])(
    'is refused for a query number spelt "%s"',
    async (value) => {
      for (const name of ['limit', 'cursor', 'from_seq', 'to_seq']) {
        const answer = await call('GET', `/events?${name}=${encodeURIComponent(value)}`);
        expectError(answer, 400);
        expect(answer.body.details).toEqual([expect.objectContaining({ path: name })]);
      }
      for (const name of ['budget_tokens', 'if_version']) {
        expectError(await call('GET', `/window?${name}=${encodeURIComponent(value)}`), 400);
      }
    },
  );

  it.each([2 ** 53, 1e20, 1e300])(
    'names the range of a seq or a version beyond what a JSON number holds exactly: %d',
    async (value) => {
      const replacement = [EVENT];
      const requests: [name: string, answer: Promise<Answer>][] = [
        ...['cursor', 'from_seq', 'to_seq'].map((name): [string, Promise<Answer>] => [
          name,
          call('GET', `/events?${name}=${BigInt(value)}`),
        ]),
        ['if_version', call('GET', `/window?if_version=${BigInt(value)}`)],
        ['cursor', call('GET', `/stream?cursor=${BigInt(value)}`)],
        ['if_version', call('POST', '/events', { body: { event: EVENT, if_version: value } })],
        [
          'if_version',
          call('POST', '/compact', { body: { from_seq: 1, to_seq: 1, replacement, if_version: value } }),
        ],
        ['from_seq', call('POST', '/compact', { body: { from_seq: value, to_seq: 1, replacement } })],
        ['to_seq', call('POST', '/compact', { body: { from_seq: 1, to_seq: value, replacement } })],
      ];
      for (const [name, request] of requests) {
        const answer = await request;
        expectError(answer, 400);
        expect(answer.body.details).toEqual([
          { path: name, message: expect.stringMatching(/^must be an integer .*\b9007199254740991$/) },
        ]);
      }
    },
  );

  it('is refused for an unknown field, which is named, on every route with a body', async () => {
    for (const [method, rest, body] of WITH_BODY) {
      for (const name of ['if_versio', '__proto__', 'constructor', '']) {
        const text = `${JSON.stringify(body).slice(0, -1)},${JSON.stringify(name)}:null}`;
        const answer = await call(method, rest, { body: text });
        expectError(answer, 400);
        expect(answer.body.details).toEqual([{ path: name, message: 'is not a known field' }]);
      }
    }
  });

  it('does not take numbers from strings in a body', async () => {
    for (const [rest, body] of [
      ['/events', { event: EVENT, if_version: '0' }],
      ['/compact', { from_seq: '1', to_seq: 1, replacement: [EVENT] }],
    ] as const) {
      expectError(await call('POST', rest, { body }), 400);
    }
    expectError(await call('PUT', '', { body: { token_budget: '100' } }), 400);
  });

  it('counts null as absent', async () => {
    const { version } = (await service.http.get('one')).body as { version: number };
    const answer = await call('POST', '/events', {
      body: { event: EVENT, events: null, if_version: null, idempotency_key: null },
    });
    expect(answer.status).toBe(201);
    expect(answer.body.version).toBe(version + 1);
    const updated = await call('PUT', '', {
      body: { token_budget: 100, policy: null, metadata: null, trigger_ratio: null },
    });
    expect(updated.status).toBe(200);
  });
});

describe('details', () => {
  const paths = (answer: { body: { details: { path: string }[] } }) =>
    answer.body.details.map(({ path }) => path).sort();

  it('lists every fault of a PUT', async () => {
    const answer = await call('PUT', '', {
      body: {
        token_budget: 0,
        trigger_ratio: 2,
        metadata: [],
        polcy: 1,
        policy: { strategy: 'last_n', config: { limit: 'x', limt: 1 }, ratio: 1 },
      },
    });
    expectError(answer, 400);
    expect(paths(answer)).toEqual(
      [
        'metadata',
        'policy.config.limit',
        'policy.config.limt',
        'policy.ratio',
        'polcy',
        'token_budget',
        'trigger_ratio',
      ].sort(),
    );
  });

  it('lists every fault of an append, part by part', async () => {
    const answer = await call('POST', '/events', {
      body: {
        events: [
          EVENT,
          { role: 'robot', parts: [{ type: 'text' }, {}, 7] },
          'x',
          { role: 'user', content: 'a', parts: [], metadata: 1 },
        ],
        if_version: -1,
        idempotency_key: '',
      },
    });
    expectError(answer, 400);
    expect(paths(answer)).toEqual(
      [
        'events[1].role',
        'events[1].parts[1].type',
        'events[1].parts[2]',
        'events[2]',
        'events[3].content',
        'events[3].metadata',
        'if_version',
        'idempotency_key',
      ].sort(),
    );
  });

  it('lists violations that exclude each other beside the violations of a field', async () => {
    const both = await call('POST', '/events', {
      body: { event: { role: 'robot', content: 'a' }, events: [], if_version: 'x' },
    });
    expectError(both, 400);
    expect(paths(both)).toEqual(['event.role', 'events', 'events', 'if_version']);
    const neither = await call('POST', '/events', { body: { if_version: 'x' } });
    expect(paths(neither)).toEqual(['event', 'if_version']);
    const page = await call('GET', '/events?cursor=1&from_seq=5&to_seq=4&limit=0');
    expectError(page, 400);
    expect(paths(page)).toEqual(['cursor', 'limit', 'to_seq']);
    const wait = await call('GET', '/events?from_seq=5&to_seq=4&wait_ms=1');
    expect(paths(wait)).toEqual(['to_seq', 'wait_ms']);
  });

  it('lists the violations of path, query, headers and body together', async () => {
    const id = 'a%01';
    const send = (method: string, rest: string, body?: object, headers?: Record<string, string>) =>
      service.http.request(method, `/v1/conversations/${id}${rest}`, { body, headers });
    const robot = { role: 'robot', content: 'a' };
    for (let round = 0; round < 20; round += 1) {
      const append = await send('POST', '/events?x=1', { event: robot }, { 'idempotency-key': '' });
      expectError(append, 400);
      expect(paths(append)).toEqual(['Idempotency-Key', 'event.role', 'id', 'x']);
    }
    const differs = await send(
      'POST',
      '/events',
      { event: robot, idempotency_key: 'a' },
      { 'idempotency-key': 'b' },
    );
    expect(paths(differs)).toEqual(['event.role', 'id', 'idempotency_key']);
    expect(paths(await send('PUT', '?x=1', { trigger_ratio: 2 }))).toEqual(['id', 'trigger_ratio', 'x']);
    expect(paths(await send('PATCH', '/metadata?x=1', {}))).toEqual(['id', 'metadata', 'x']);
    expect(paths(await send('POST', '/compact?x=1', { to_seq: 'x', from_seq: 1, replacement: [] }))).toEqual(
      expect.arrayContaining(['id', 'to_seq', 'x']),
    );
    expect(paths(await send('GET', '/events?limit=x&y=1'))).toEqual(['id', 'limit', 'y']);
    expect(paths(await send('GET', '/window?if_version=x'))).toEqual(['id', 'if_version']);
    expect(paths(await send('DELETE', '?x=1'))).toEqual(['id', 'x']);
    const stream = { accept: 'text/event-stream', 'last-event-id': 'x' };
    expect(paths(await send('GET', '/stream?cursor=x', undefined, stream))).toEqual([
      'Last-Event-ID',
      'cursor',
      'id',
    ]);
    const text = await call('PUT', '?x=1', { body: '[]' });
    expect(paths(text)).toEqual(['', 'x']);
  });

  it('lists what the server forbids beside the violations of other fields', async () => {
    const put = await call('PUT', '', {
      body: { token_budget: 2_000_000, metadata: { long: 'x'.repeat(65_536) }, trigger_ratio: 0 },
    });
    expectError(put, 400);
    expect(paths(put)).toEqual(['metadata', 'token_budget', 'trigger_ratio']);
  });

  it('are those of one request only, of however many at a time', async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => call('GET', `/events?p${index}=1&limit=x`)),
    );
    for (const [index, answer] of answers.entries())
      expect(paths(answer)).toEqual(['limit', `p${index}`].sort());
  });

  it('are the first hundred of however many there are, and one that says so', async () => {
    const events = Array.from({ length: 100 }, () => ({
      role: 'user',
      parts: Array.from({ length: 1000 }, () => ({})),
    }));
    const answer = await call('POST', '/events', { body: { events } });
    expect(answer.status).toBe(400);
    expect(answer.body.details).toHaveLength(101);
    expect(paths(answer)).toContain('events[0].parts[99].type');
    expect(answer.body.details.at(-1).message).toMatch(/^there are at least 101 violations/);
    expect(answer.text.length).toBeLessThan(64 * 1024);
  });
});

describe('the request id', () => {
  it.each(['a', 'req-1', 'A.b:c@d+e/f=g-h_i', '0af7651916cd43dd8448eb211c80319c', 'x'.repeat(128)])(
    'comes back when it is sane: %s',
    async (id) => {
      for (const path of ['/v1/conversations/one', '/nope', '/health/live', '/v1/conversations/one?x=1']) {
        const answer = await service.http.request('GET', path, { headers: { 'x-request-id': id } });
        expect(answer.headers.get('x-request-id')).toBe(id);
        if (answer.status >= 400) expect(answer.body.request_id).toBe(id);
      }
    },
  );

  it.each(['', 'with space', 'x'.repeat(129), '<script>', 'ü', '"', 'a\tb'])(
    'is made by the server when it is not: "%s"',
    async (id) => {
      const answers = [];
      for (const path of ['/v1/conversations/one', '/nope', '/%ff'])
        answers.push(
          await sendRaw(
            service.url,
            `GET ${path} HTTP/1.1\r\nhost: localhost\r\nx-request-id: ${id}\r\n\r\n`,
          ),
        );
      const made = answers.map(({ headers }) => headers.get('x-request-id'));
      expect(new Set(made).size).toBe(3);
      for (const each of made) expect(each).toMatch(/^[0-9a-f-]{36}$/);
    },
  );

  it('is on every answer, also without a body', async () => {
    await service.http.put('gone');
    const answer = await service.http.delete('gone');
    expect(answer.status).toBe(204);
    expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    for (const path of ['/metrics', '/docs', '/docs-json']) {
      expect((await service.http.request('GET', path)).headers.get('x-request-id')).toBeTruthy();
    }
  });
});

describe('HEAD and OPTIONS', () => {
  it('HEAD answers as GET does, without the body', async () => {
    const get = await service.http.get('one');
    const head = await service.http.request('HEAD', service.http.path('one'));
    expect(head.status).toBe(200);
    expect(head.text).toBe('');
    expect(head.headers.get('content-type')).toBe(get.headers.get('content-type'));
    const absent = await service.http.request('HEAD', service.http.path('absent'));
    expect(absent.status).toBe(404);
    expect(absent.text).toBe('');
  });

  it('OPTIONS is a route like any other that is not there', async () => {
    for (const path of ['/v1/conversations/one', '/nope'])
      expectError(await service.http.request('OPTIONS', path), 404);
  });

  it.each(['TRACE', 'PROPFIND', 'SEARCH', 'M-SEARCH', 'LOCK'])(
    '%s is no method of any route',
    async (method) => {
      expectError(
        await sendRaw(service.url, `${method} /v1/conversations/one HTTP/1.1\r\nhost: localhost\r\n\r\n`),
        404,
      );
    },
  );
});

describe('what is not even HTTP', () => {
  it.each([
    ['another protocol', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
    ['a line of words', 'hello there\r\n\r\n'],
    ['an unknown method', 'FROBNICATE /v1/conversations/one HTTP/1.1\r\nhost: localhost\r\n\r\n'],
    ['a header without a colon', 'GET / HTTP/1.1\r\nhost: localhost\r\nnonsense\r\n\r\n'],
    [
      'a bad content-length',
      'POST /v1/conversations/one/events HTTP/1.1\r\nhost: localhost\r\ncontent-length: ten\r\n\r\n',
    ],
    [
      'a content-length beside chunks',
      'POST /v1/conversations/one/events HTTP/1.1\r\nhost: localhost\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
  ])('is answered 400 and the connection closed: %s', async (_, data) => {
    const connection = await RawConnection.open(service.url);
    expectError(await connection.write(data).answer(), 400);
    await connection.end();
  });

  it('is answered 400 without a Host, which only HTTP/1.0 may leave out', async () => {
    for (const path of ['/health/live', '/v1/conversations/one', '/nope']) {
      expectError(await sendRaw(service.url, `GET ${path} HTTP/1.1\r\n\r\n`), 400);
    }
    expect((await sendRaw(service.url, 'GET /v1/conversations/one HTTP/1.0\r\n\r\n')).status).toBe(200);
  });

  it('is answered as if it were not there when an unknown expectation is in the headers', async () => {
    for (const [path, status] of [
      ['/v1/conversations/one', 200],
      ['/v1/conversations/absent', 404],
    ] as const) {
      const answer = await sendRaw(
        service.url,
        `GET ${path} HTTP/1.1\r\nhost: localhost\r\nexpect: a-miracle\r\n\r\n`,
      );
      expect(answer.status).toBe(status);
      expect(answer.headers.get('x-request-id')).toBeTruthy();
    }
  });

  it('has its body asked for when the client waits for that', async () => {
    const body = JSON.stringify({ event: EVENT });
    const connection = await RawConnection.open(service.url);
    connection.write(
      'POST /v1/conversations/one/events HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n' +
        `expect: 100-continue\r\ncontent-length: ${body.length}\r\n\r\n`,
    );
    expect((await connection.answer({ toHead: true })).status).toBe(100);
    expect((await connection.write(body).answer()).status).toBe(201);
    connection.close();
  });

  it('ends the connection of a client that takes the service for a proxy', async () => {
    const connection = await RawConnection.open(service.url);
    await connection.write('CONNECT example.org:443 HTTP/1.1\r\nhost: example.org\r\n\r\n').end();
  });

  it('is answered 400 when a chunk of the body is broken', async () => {
    const answer = await sendRaw(
      service.url,
      'POST /v1/conversations/one/events HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n',
    );
    expectError(answer, 400);
  });

  it('is answered in the error shape when the headers are too long', async () => {
    const answer = await sendRaw(
      service.url,
      `GET /health/live HTTP/1.1\r\nhost: localhost\r\nx: ${'y'.repeat(70_000)}\r\n\r\n`,
    );
    expect(answer.status).toBe(431);
    expect(answer.body).toEqual({
      error: 'invalid_payload',
      message: expect.stringMatching(/\S/),
      details: [expect.any(Object)],
      request_id: answer.headers.get('x-request-id'),
    });
  });

  it('leaves the service as it was', async () => {
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

describe('a refused request', () => {
  it('leaves the record and the log as they were', async () => {
    await service.http.say('counted', 'first');
    const before = (await service.http.get('counted')).body;
    const answers = await Promise.all([
      service.http.append('counted', { event: EVENT, if_versio: 1 }),
      service.http.append('counted', { events: [EVENT, { role: 'user' }] }),
      service.http.append('counted', { event: EVENT, if_version: 0 }),
      service.http.request('POST', '/v1/conversations/counted/events?x=1', { body: { event: EVENT } }),
      service.http.put('counted', { token_budget: 5, x: 1 }),
      service.http.patch('counted', 7),
      service.http.compact('counted', { from_seq: 1, to_seq: 9, replacement: [EVENT] }),
      service.http.compact('counted', { from_seq: 1, to_seq: 1, replacement: [] }),
      service.http.request('DELETE', '/v1/conversations/counted?force=true'),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([400, 400, 409, 400, 400, 400, 400, 400, 400]);
    expect((await service.http.get('counted')).body).toEqual(before);
    expect((await service.http.events('counted')).body.events).toHaveLength(1);
  });
});
