import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { expectError } from '../support/error-shape.js';
import { RawConnection, sendRaw } from '../support/raw-http.js';
import { EVENT, ROUTES_WITH_BODY } from '../support/routes.js';
import { TestService } from '../support/test-service.js';

const BODY_LIMIT = 8 * 1024 * 1024;

let service: TestService;
beforeAll(async () => {
  service = await TestService.start();
  await service.http.put('one');
});
afterAll(() => service.stop());

const call = (method: string, rest: string, options = {}) =>
  service.http.request(method, service.http.path('one', rest), options);

describe('an invalid body', () => {
  const SECRET = 'sesame-4711';
  it.each([
    ['a broken object', `{"${SECRET}": `],
    ['a bare word', SECRET],
    ['an unterminated string', `{"event": "${SECRET}`],
    ['two values', `{"a": "${SECRET}"} {}`],
    ['a trailing comma', `{"a": "${SECRET}",}`],
    ['a control character in a string', `{"a": "${SECRET}\u0001"}`],
    ['an empty body', ''],
    ['white space', ' \n'],
    ['a byte order mark alone', '\ufeff'],
    ['too many levels', `${'['.repeat(100_000)}"${SECRET}"`],
  ])('is rejected with 400 and not quoted in the error: %s', async (_, body) => {
    for (const [method, rest] of ROUTES_WITH_BODY) {
      const response = await call(method, rest, { body });
      expectError(response, 400);
      expect(response.body.message).toMatch(/JSON/);
      expect(response.text).not.toContain(SECRET.slice(0, 6));
    }
  });

  it('is rejected with 400 if it is not UTF-8', async () => {
    const body = Buffer.concat([
      Buffer.from('{"event":{"role":"user","content":"'),
      Buffer.of(0xff, 0xfe),
      Buffer.from('"}}'),
    ]);
    const response = await sendRaw(
      service.url,
      Buffer.concat([
        Buffer.from(
          `POST /v1/conversations/one/events HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`,
        ),
        body,
      ]),
    );
    expectError(response, 400);
    expect(response.body.message).toContain('UTF-8');
  });

  it.each(['null', '[]', '[{}]', '1', '"text"', 'true'])(
    'is rejected with 400 if it is JSON but not an object: %s',
    async (body) => {
      for (const [method, rest] of ROUTES_WITH_BODY) expectError(await call(method, rest, { body }), 400);
    },
  );

  it('is rejected with 400 if it is missing', async () => {
    for (const [method, rest] of ROUTES_WITH_BODY) expectError(await call(method, rest), 400);
  });
});

describe('an oversized body', () => {
  const head =
    'POST /v1/conversations/one/events HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n';

  it('is rejected with 413 for its content-length, before it is sent', async () => {
    const response = await sendRaw(service.url, `${head}content-length: ${BODY_LIMIT + 1}\r\n\r\n{`);
    expectError(response, 413);
    expect(response.body.message).toContain(String(BODY_LIMIT));
  });

  it('is rejected with 413 before it ends if it is chunked', async () => {
    const connection = await RawConnection.open(service.url);
    connection.write(`${head}transfer-encoding: chunked\r\n\r\n`);
    const chunk = Buffer.alloc(1024 * 1024, 'x');
    for (let sent = 0; sent <= BODY_LIMIT; sent += chunk.length) {
      connection
        .write(`${chunk.length.toString(16)}\r\n`)
        .write(chunk)
        .write('\r\n');
    }
    expectError(await connection.response(), 413);
    connection.close();
  });

  it('is only rejected above the limit, not at it', async () => {
    const template = JSON.stringify({
      event: { role: 'user', parts: [{ type: 'file', data: '' }], token_count: 1 },
    });
    const body = template.replace('"data":""', `"data":"${'x'.repeat(BODY_LIMIT - template.length)}"`);
    expect(Buffer.byteLength(body)).toBe(BODY_LIMIT);
    expect((await call('POST', '/events', { body })).status).toBe(201);
    expectError(await call('POST', '/events', { body: `${body} ` }), 413);
  });
});

describe('the content type or encoding of a body', () => {
  it.each([
    'application/json',
    'application/json; charset=utf-8',
    'application/json;charset=UTF-8',
    'Application/JSON',
    'application/vnd.api+json',
  ])('is accepted: %s', async (type) => {
    const response = await call('POST', '/events', {
      body: { event: EVENT },
      headers: { 'content-type': type },
    });
    expect(response.status).toBe(201);
  });

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/jsonx',
    'text/json-but-not',
    'nonsense',
    '',
  ])('is rejected with 415: "%s"', async (type) => {
    for (const [method, rest, body] of ROUTES_WITH_BODY) {
      expectError(
        await call(method, rest, { body: JSON.stringify(body), headers: { 'content-type': type } }),
        415,
      );
    }
  });

  it.each(['GET', 'HEAD'])('is not required on a %s, and any media type is ignored', async (method) => {
    await service.http.put('typed');
    for (const rest of ['', '/events', '/window']) {
      const headers = { 'content-type': 'text/plain', 'content-encoding': 'gzip' };
      const response = await service.http.request(method, service.http.path('typed', rest), { headers });
      expect(response.status).toBe(200);
    }
  });

  it('is ignored on a DELETE, whose body is not read', async () => {
    for (const [type, body] of [
      ['application/json', ''],
      ['application/json', '{"a":1}'],
      ['text/plain', 'x'],
    ] as const) {
      const id = `deleted as ${type} ${body.length}`;
      await service.http.put(id);
      const response = await sendRaw(
        service.url,
        `DELETE ${service.http.path(id)} HTTP/1.1\r\nhost: localhost\r\ncontent-type: ${type}\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
      );
      expect(response.status).toBe(204);
    }
  });

  it('is rejected with 415 if the content type is missing', async () => {
    for (const [method, rest, body] of ROUTES_WITH_BODY) {
      const text = JSON.stringify(body);
      const response = await sendRaw(
        service.url,
        `${method} /v1/conversations/one${rest} HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${text.length}\r\n\r\n${text}`,
      );
      expectError(response, 415);
    }
  });

  it('is rejected with 415 if the body is compressed', async () => {
    for (const encoding of ['gzip', 'br', 'deflate']) {
      const bytes = gzipSync(JSON.stringify({ event: EVENT }));
      const response = await sendRaw(
        service.url,
        Buffer.concat([
          Buffer.from(
            'POST /v1/conversations/one/events HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n' +
              `content-encoding: ${encoding}\r\ncontent-length: ${bytes.length}\r\n\r\n`,
          ),
          bytes,
        ]),
      );
      expectError(response, 415);
    }
  });
});
