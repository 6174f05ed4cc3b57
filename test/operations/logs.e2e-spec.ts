import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BuiltService } from '../support/built-service.js';
import { expectError } from '../support/error-shape.js';
import { PATIENCE_MS } from '../support/patience.js';
import { RawConnection } from '../support/raw-http.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { sendUpgrade } from '../support/websocket-upgrade.js';

/** Every secret of a client contains this. */
const MARK = 'MARK7f3a';
const API_KEY = `${MARK}-api-key`;
const EVENT = { role: 'user', content: `${MARK} text` };
/** Settings of the services whose whole log is checked. */
const VERBOSE = { LOG_LEVEL: 'trace', FASTPACA_API_KEY: `${MARK}-other-key,${API_KEY}` };

describe('the log of the built service', () => {
  let database: TestDatabase;
  let service: BuiltService;

  const requestTo =
    ({ http }: BuiltService) =>
    (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
      http.request(method, path, { body, headers: { authorization: `Bearer ${API_KEY}`, ...headers } });
  const send: ReturnType<typeof requestTo> = (...request) => requestTo(service)(...request);
  /**
   * Declares a body above the limit and sends only its beginning. The service responds to the headers, before it could
   * receive a complete body.
   */
  const tooLarge = async () => {
    const connection = await RawConnection.open(service.url);
    const response = await connection
      .write(
        `POST ${path('/events')} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${API_KEY}\r\n` +
          `content-type: application/json\r\ncontent-length: 9000000\r\n\r\n${MARK}`,
      )
      .response();
    connection.close();
    return response;
  };
  const path = (rest = '') => `/v1/conversations/visible-id${rest}`;
  /** The log line of the request with this id. */
  const lineOf = (id: string) =>
    service.line(({ msg, request_id }) => msg === 'request' && request_id === id);

  beforeAll(async () => {
    database = await createTestDatabase();
    service = await BuiltService.start({ DATABASE_URL: database.url, ...VERBOSE });
    await send('PUT', path(), { token_budget: 1000, metadata: { [`${MARK}-name`]: `${MARK}-value` } });
  });
  afterAll(async () => {
    await service.stop();
    await database.drop();
  });

  it('has one line of JSON per request, with exactly the documented fields', async () => {
    const append = await send(
      'POST',
      path('/events'),
      { event: EVENT, idempotency_key: `${MARK}-k` },
      { 'x-request-id': 'r-1' },
    );
    expect(append.status).toBe(201);
    expect(await lineOf('r-1')).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      request_id: 'r-1',
      conversation_id: 'visible-id',
      seq: append.body.seq,
      method: 'POST',
      route: '/v1/conversations/:id/events',
      status: 201,
      duration_ms: expect.any(Number),
      msg: 'request',
    });
    await send('GET', path('/window'), undefined, { 'x-request-id': 'r-2' });
    const read = await lineOf('r-2');
    expect(read).toMatchObject({
      conversation_id: 'visible-id',
      route: '/v1/conversations/:id/window',
      status: 200,
    });
    expect(read).not.toHaveProperty('seq');
    await send('GET', '/v1/nope', undefined, { 'x-request-id': 'r-3' });
    expect(await lineOf('r-3')).toMatchObject({ route: 'unknown', status: 404 });
    await send('POST', path('/events'), '{', { 'x-request-id': 'r-4' });
    expect(await lineOf('r-4')).toMatchObject({ route: '/v1/conversations/:id/events', status: 400 });
  });

  it('has one line per websocket upgrade, accepted or rejected, with the request id of the response', async () => {
    const upgrade = (version: number) =>
      sendUpgrade(service.url, path('/stream'), {
        authorization: `Bearer ${API_KEY}`,
        'sec-websocket-version': String(version),
      });
    for (const [version, status] of [
      [13, 101],
      [12, 400],
    ] as const) {
      const response = await upgrade(version);
      expect(response.status).toBe(status);
      const id = response.headers.get('x-request-id');
      const line = await service.line(({ msg, request_id }) => msg === 'stream' && request_id === id);
      expect(line).toMatchObject({ conversation_id: 'visible-id', route: '/v1/conversations/:id/stream' });
    }
  });

  it('does not mix the fields of requests that share a connection or run concurrently', async () => {
    const ids = Array.from({ length: 20 }, (_, index) => `apart-${index}`);
    await Promise.all(ids.map((id) => send('PUT', `/v1/conversations/${id}`, { token_budget: 1000 })));
    const connections = await Promise.all([1, 2, 3].map(() => RawConnection.open(service.url)));
    const sent: { request: string; id: string; seq: number }[] = [];
    await Promise.all(
      connections.map(async (connection, index) => {
        for (let round = 0; round < 15; round += 1) {
          const id = ids[(index * 7 + round * 3) % ids.length]!;
          const request = `apart-${index}-${round}`;
          const body = JSON.stringify({ event: { role: 'user', content: 'x'.repeat((round % 3) * 40_000) } });
          connection.write(
            `POST /v1/conversations/${id}/events HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${API_KEY}\r\n` +
              `x-request-id: ${request}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`,
          );
          // Some bodies arrive after their headers, in two parts.
          if (round % 2) await delay(2);
          connection.write(body.slice(0, 50));
          if (round % 2) await delay(2);
          const { body: response } = await connection.write(body.slice(50)).response();
          sent.push({ request, id, seq: response.seq });
        }
        connection.close();
      }),
    );
    for (const { request, id, seq } of sent) {
      expect(await lineOf(request)).toMatchObject({ conversation_id: id, seq, status: 201 });
    }
  });

  it('contains no message text and no key after successful, rejected, failed and malformed requests', async () => {
    const responses = [
      // 200, 201
      await send('POST', path('/events'), { events: [EVENT, EVENT], idempotency_key: `${MARK}-turn` }),
      await send('POST', path('/events'), { events: [EVENT, EVENT], idempotency_key: `${MARK}-turn` }),
      await send('POST', path('/events'), { event: EVENT }, { 'idempotency-key': `${MARK}-header` }),
      await send('POST', path('/events'), { event: { role: 'user', content: `${MARK} `.repeat(10_000) } }),
      await send('PATCH', path('/metadata'), { metadata: { [MARK]: { [MARK]: MARK } } }),
      await send('POST', path('/compact'), { from_seq: 1, to_seq: 2, replacement: [EVENT] }),
      await send('GET', path('/window')),
      await send('GET', path('/events')),
      // 400
      await send('POST', path('/events'), `{"event": "${MARK}`),
      await send('POST', path('/events'), MARK),
      await send('POST', path('/events'), { event: { role: MARK, parts: [{ type: 1, text: MARK }] } }),
      await send('POST', path('/events'), { [MARK]: MARK }),
      await send('POST', path('/events'), { event: EVENT, idempotency_key: MARK.repeat(100) }),
      await send('PUT', path(), { policy: { strategy: MARK, config: { [MARK]: MARK } } }),
      await send('PUT', path(), { metadata: MARK }),
      await send('GET', path(`/events?cursor=${MARK}&${MARK}=1`)),
      await send('GET', `/v1/conversations/%00${MARK}`),
      // 401, 404, 409, 413, 415
      await send('GET', path(), undefined, { authorization: `Bearer ${MARK}-wrong` }),
      await send('GET', `/v1/${MARK}`),
      await send('GET', `/${MARK}?${MARK}`),
      await send('POST', path('/events'), {
        event: { role: 'user', content: 'other' },
        idempotency_key: `${MARK}-turn`,
      }),
      await send('POST', path('/events'), { event: EVENT, if_version: 0 }),
      await tooLarge(),
      await send('POST', path('/events'), MARK, { 'content-type': `text/${MARK}` }),
    ];
    expect(responses.map(({ status }) => status)).toEqual([
      201,
      201,
      201,
      201,
      200,
      200,
      200,
      200,
      ...Array<number>(9).fill(400),
      401,
      404,
      404,
      409,
      409,
      413,
      415,
    ]);

    // 500: the database rejects the row, and quotes it in its error
    await database.query('ALTER TABLE fastpaca.events ADD CONSTRAINT never CHECK (body IS NULL) NOT VALID');
    await database.query(
      'ALTER TABLE fastpaca.conversations ADD CONSTRAINT never CHECK (metadata IS NULL) NOT VALID',
    );
    expectError(await send('POST', path('/events'), { event: EVENT, idempotency_key: `${MARK}-500` }), 500);
    expectError(await send('PATCH', path('/metadata'), { metadata: { [MARK]: MARK } }), 500);
    await database.query('ALTER TABLE fastpaca.events DROP CONSTRAINT never');
    await database.query('ALTER TABLE fastpaca.conversations DROP CONSTRAINT never');
    await database.query('ALTER TABLE fastpaca.events RENAME TO gone');
    expectError(await send('POST', path('/events'), { event: EVENT, idempotency_key: `${MARK}-gone` }), 500);
    await database.query('ALTER TABLE fastpaca.gone RENAME TO events');

    // malformed HTTP
    for (const bytes of [
      `${MARK}\r\n\r\n`,
      `GET /${MARK} HTTP/1.1\r\nhost: localhost\r\n${MARK}\r\n\r\n`,
      `GET /%ff${MARK} HTTP/1.1\r\nhost: localhost\r\n\r\n`,
    ]) {
      const connection = await RawConnection.open(service.url);
      await connection.write(bytes).response();
      connection.close();
    }

    await send('GET', '/health/live', undefined, { 'x-request-id': 'the-last' });
    await lineOf('the-last');
    expectNoSecrets(service);
  });

  it('contains no message text and no key after requests during a database outage', async () => {
    const proxy = await TcpProxy.start(database.url);
    const proxied = await BuiltService.start({
      DATABASE_URL: proxy.through(database.url),
      FASTPACA_DATABASE_TIMEOUT_MS: '1000',
      ...VERBOSE,
    });
    const sendProxied = requestTo(proxied);
    try {
      await proxy.refuse();
      expectError(
        await sendProxied('POST', path('/events'), { event: EVENT, idempotency_key: `${MARK}-503` }),
        503,
      );
      expectError(await sendProxied('PATCH', path('/metadata'), { metadata: { [MARK]: MARK } }), 503);
      await proxy.restore();
      proxy.stall();
      const stalled = { event: EVENT, idempotency_key: `${MARK}-stalled` };
      expectError(await sendProxied('POST', path('/events'), stalled, { 'x-request-id': 'the-last' }), 503);
      await proxied.line(({ msg, request_id }) => msg === 'request' && request_id === 'the-last');
      expectNoSecrets(proxied);
    } finally {
      await proxy.restore();
      await proxied.stop();
      await proxy.stop();
    }
  });

  /** Asserts that the output contains no secret and that every line has the shape of a log line. */
  function expectNoSecrets({ lines, errors }: BuiltService): void {
    expect(lines.filter((line) => line.toLowerCase().includes(MARK.toLowerCase()))).toEqual([]);
    expect(lines.filter((line) => line.includes(new URL(database.url).password))).toEqual([]);
    expect(errors).toBe('');
    for (const line of lines) {
      expect(JSON.parse(line)).toMatchObject({
        level: expect.any(String),
        time: expect.any(String),
        msg: expect.any(String),
      });
    }
  }

  it('contains the cause of an internal error, with the request id that the client received', async () => {
    await database.query('ALTER TABLE fastpaca.conversations RENAME TO gone');
    const response = await send('GET', path(''));
    await database.query('ALTER TABLE fastpaca.gone RENAME TO conversations');
    expectError(response, 500);
    expect(response.text).not.toContain('conversations');
    const line = await service.line(
      ({ request_id, msg }) => request_id === response.body.request_id && msg === 'unexpected error',
    );
    expect(line).toMatchObject({
      level: 'error',
      err: { code: '42P01', stack: expect.stringContaining('at ') },
    });
    expect(await lineOf(response.body.request_id)).not.toHaveProperty('err');
  });
});

describe('a log whose reader has closed stdout or reads nothing', () => {
  it('does not affect the requests and the shutdown of the service', async () => {
    const database = await createTestDatabase();
    const service = await BuiltService.start({ DATABASE_URL: database.url });
    const http = service.http;
    try {
      await http.put('unread');
      await service.closeLog();
      for (let seq = 1; seq <= 100; seq += 1) {
        expect((await http.append('unread', { event: EVENT })).body).toMatchObject({ seq });
      }
    } finally {
      expect(await service.stop()).toEqual({ code: 0, signal: null });
      await database.drop();
    }
  });

  it.each([
    ['closed', 'the last lines are not written yet', 1],
    ['stuck', 'a megabyte is not read', 10_000],
  ])('does not delay the exit of the process if the reader is %s and %s', async (reader, _, lines) => {
    const logger = pathToFileURL(join(import.meta.dirname, '../../dist/src/common/logging/logger.js')).href;
    const child = spawn(
      process.execPath,
      [
        '--input-type=module',
        '--eval',
        `import { log } from '${logger}';
         process.stdin.once('data', () => {
           for (let line = 0; line < ${lines}; line += 1) log.info('x'.repeat(100));
           process.exit(7);
         });
         log.info('ready');`,
      ],
      { stdio: ['pipe', 'pipe', 'inherit'] },
    );
    await once(child.stdout, 'data');
    if (reader === 'stuck') {
      child.stdout.pause();
    } else {
      child.stdout.destroy();
      await once(child.stdout, 'close');
    }
    child.stdin.write('end');
    try {
      const [code] = await once(child, 'exit', { signal: AbortSignal.timeout(PATIENCE_MS) });
      expect(code).toBe(7);
    } finally {
      child.kill('SIGKILL');
    }
  });
});
