import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { BuiltService } from '../support/built-service.js';
import { EmbeddedServer } from '../support/embedded-server.js';
import { expectError } from '../support/error-shape.js';
import { PATIENCE_MS } from '../support/patience.js';
import { RawConnection } from '../support/raw-http.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

/** Every secret of a client begins with this. */
const MARK = 'MARK7f3a';
const API_KEY = `${MARK}-api-key`;
const EVENT = { role: 'user', content: `${MARK} text` };
/** What the service is set to where everything it says is looked at. */
const TALKATIVE = { LOG_LEVEL: 'trace', FASTPACA_API_KEY: `${MARK}-other-key,${API_KEY}` };

describe('the log of the built service', () => {
  let database: TestDatabase;
  let service: BuiltService;

  const requestTo =
    ({ http }: BuiltService) =>
    (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
      http.request(method, path, { body, headers: { authorization: `Bearer ${API_KEY}`, ...headers } });
  const send: ReturnType<typeof requestTo> = (...request) => requestTo(service)(...request);
  /** Announces more than the limit and sends a little of it: sent whole, the answer might come before it is taken. */
  const tooLarge = async () => {
    const connection = await RawConnection.open(service.url);
    const answer = await connection
      .write(
        `POST ${path('/events')} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${API_KEY}\r\n` +
          `content-type: application/json\r\ncontent-length: 9000000\r\n\r\n${MARK}`,
      )
      .answer();
    connection.close();
    return answer;
  };
  const path = (rest = '') => `/v1/conversations/visible-id${rest}`;
  /** The line of the request with this id. */
  const lineOf = (id: string) =>
    service.line(({ msg, request_id }) => msg === 'request' && request_id === id);

  beforeAll(async () => {
    database = await createTestDatabase();
    service = await BuiltService.start({ DATABASE_URL: database.url, ...TALKATIVE });
    await send('PUT', path(), { token_budget: 1000, metadata: { [`${MARK}-name`]: `${MARK}-value` } });
  });
  afterAll(async () => {
    await service.stop();
    await database.drop();
  });

  it('has one line of JSON for a request, with what one looks for and nothing else of it', async () => {
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

  it('has one line for a websocket, under the request id of its answer, and of its rejection', async () => {
    const upgrade = async (version: number) => {
      const connection = await RawConnection.open(service.url);
      const answer = await connection
        .write(
          `GET ${path('/stream')} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${API_KEY}\r\nupgrade: websocket\r\n` +
            `connection: Upgrade\r\nsec-websocket-version: ${version}\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
        )
        .answer();
      connection.close();
      return answer;
    };
    for (const [version, status] of [
      [13, 101],
      [12, 400],
    ] as const) {
      const answer = await upgrade(version);
      expect(answer.status).toBe(status);
      const id = answer.headers.get('x-request-id');
      const line = await service.line(({ msg, request_id }) => msg === 'stream' && request_id === id);
      expect(line).toMatchObject({ conversation_id: 'visible-id', route: '/v1/conversations/:id/stream' });
    }
  });

  it('tells requests apart that share a connection and run at the same time', async () => {
    const ids = Array.from({ length: 20 }, (_, index) => `apart-${index}`);
    await Promise.all(ids.map((id) => send('PUT', `/v1/conversations/${id}`, { token_budget: 1000 })));
    const connections = await Promise.all([1, 2, 3].map(() => RawConnection.open(service.url)));
    const sent: { request: string; id: string; seq: number }[] = [];
    await Promise.all(
      connections.map(async (connection, lane) => {
        for (let round = 0; round < 15; round += 1) {
          const id = ids[(lane * 7 + round * 3) % ids.length]!;
          const request = `apart-${lane}-${round}`;
          const body = JSON.stringify({ event: { role: 'user', content: 'x'.repeat((round % 3) * 40_000) } });
          connection.write(
            `POST /v1/conversations/${id}/events HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${API_KEY}\r\n` +
              `x-request-id: ${request}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`,
          );
          // Some bodies come later than their headers, in two pieces.
          if (round % 2) await delay(2);
          connection.write(body.slice(0, 50));
          if (round % 2) await delay(2);
          const { body: answer } = await connection.write(body.slice(50)).answer();
          sent.push({ request, id, seq: answer.seq });
        }
        connection.close();
      }),
    );
    for (const { request, id, seq } of sent) {
      expect(await lineOf(request)).toMatchObject({ conversation_id: id, seq, status: 201 });
    }
  });

  it('never says what was said, nor a key, whatever goes wrong', async () => {
    const answers = [
      // fine
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
    expect(answers.map(({ status }) => status)).toEqual([
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

    // 500: the database refuses the row, and says in its own words which
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

    // what is not even HTTP
    for (const bytes of [
      `${MARK}\r\n\r\n`,
      `GET /${MARK} HTTP/1.1\r\nhost: localhost\r\n${MARK}\r\n\r\n`,
      `GET /%ff${MARK} HTTP/1.1\r\nhost: localhost\r\n\r\n`,
    ]) {
      const connection = await RawConnection.open(service.url);
      await connection.write(bytes).answer();
      connection.close();
    }

    await send('GET', '/health/live', undefined, { 'x-request-id': 'the-last' });
    await lineOf('the-last');
    expectSilence(service);
  });

  it('never says it either when the database is away', async () => {
    const proxy = await TcpProxy.start(database.url);
    const hasty = await BuiltService.start({
      DATABASE_URL: proxy.through(database.url),
      FASTPACA_DATABASE_TIMEOUT_MS: '1000',
      ...TALKATIVE,
    });
    const ask = requestTo(hasty);
    try {
      await proxy.refuse();
      expectError(await ask('POST', path('/events'), { event: EVENT, idempotency_key: `${MARK}-503` }), 503);
      expectError(await ask('PATCH', path('/metadata'), { metadata: { [MARK]: MARK } }), 503);
      await proxy.restore();
      proxy.stall();
      const stalled = { event: EVENT, idempotency_key: `${MARK}-stalled` };
      expectError(await ask('POST', path('/events'), stalled, { 'x-request-id': 'the-last' }), 503);
      await hasty.line(({ msg, request_id }) => msg === 'request' && request_id === 'the-last');
      expectSilence(hasty);
    } finally {
      await proxy.restore();
      await hasty.stop();
      await proxy.stop();
    }
  });

  /** Nothing of a client is in what it wrote, and all of that is lines of the one shape. */
  function expectSilence({ lines, errors }: BuiltService): void {
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

  it('says of a fault of the inside what it was, under the request id that the client was told', async () => {
    await database.query('ALTER TABLE fastpaca.conversations RENAME TO gone');
    const answer = await send('GET', path(''));
    await database.query('ALTER TABLE fastpaca.gone RENAME TO conversations');
    expectError(answer, 500);
    expect(answer.text).not.toContain('conversations');
    const line = await service.line(
      ({ request_id, msg }) => request_id === answer.body.request_id && msg === 'unexpected error',
    );
    expect(line).toMatchObject({
      level: 'error',
      err: { code: '42P01', stack: expect.stringContaining('at ') },
    });
    expect(await lineOf(answer.body.request_id)).not.toHaveProperty('err');
  });
});

describe('a log whose reader is gone or stuck', () => {
  it('takes nothing from the service: it answers, and ends when it is asked to', async () => {
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
    ['gone', 'its last lines are not written yet', 1],
    ['stuck', 'it took nothing of a megabyte', 10_000],
  ])('does not hold up the end of the process when it is %s, though %s', async (reader, _, lines) => {
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

describe('SIGTERM', () => {
  let database: TestDatabase;
  let service: BuiltService;
  let holder: pg.Client;
  const env = () => ({ DATABASE_URL: database.url });

  beforeEach(async () => {
    database = await createTestDatabase();
    holder = new pg.Client({ connectionString: database.url });
    await holder.connect();
  });
  afterEach(async () => {
    service.kill('SIGKILL');
    await service.exited;
    await holder.end();
    await database.drop();
  });

  const start = async (more: Record<string, string> = {}) => {
    service = await BuiltService.start({ ...env(), ...more });
    await service.http.put('one');
  };
  const stopping = () => service.line(({ msg }) => msg === 'stopping');
  const hold = async () => {
    await holder.query('BEGIN');
    await holder.query("SELECT FROM fastpaca.conversations WHERE id = 'one' FOR UPDATE");
  };
  const heldUp = async () => {
    const waiting =
      "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while ((await database.query(waiting)).length === 0) await delay(5);
  };
  const post = (body: string, length = body.length, more = '') =>
    'POST /v1/conversations/one/events HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n' +
    `content-length: ${length}\r\n${more}\r\n${body}`;
  /** Sends the beginning of a body, and resolves when the service is at work on the request. */
  const begin = async (body: string, length: number): Promise<RawConnection> => {
    const connection = await RawConnection.open(service.url);
    const { status } = await connection.write(post('', length, 'expect: 100-continue\r\n')).answer();
    expect(status).toBe(100);
    return connection.write(body);
  };

  it('lets running requests finish while it says that it is not ready and takes no others, then exits with 0', async () => {
    await start();
    await hold();
    const [appending, keptAlive, late] = await Promise.all(
      [1, 2, 3].map(() => RawConnection.open(service.url)),
    );
    appending!.write(post('{"event":{"role":"user","content":"held up"}}'));
    await heldUp();
    const ready = await keptAlive!.write('GET /health/ready HTTP/1.1\r\nhost: localhost\r\n\r\n').answer();
    expect(ready.status).toBe(200);
    service.kill('SIGTERM');
    await stopping();

    const unready = await keptAlive!.write('GET /health/ready HTTP/1.1\r\nhost: localhost\r\n\r\n').answer();
    expectError(unready, 503);
    expect((await service.http.request('GET', '/health/live')).status).toBe(200);
    expectError(await late!.write(post('{"event":{"role":"user","content":"late"}}')).answer(), 503);
    await Promise.all([keptAlive!.end(), late!.end()]);

    await holder.query('ROLLBACK');
    const answer = await appending!.answer();
    expect([answer.status, answer.body.seq]).toEqual([201, 1]);
    expect(await service.exited).toEqual({ code: 0, signal: null });
    expect(await database.query('SELECT seq FROM fastpaca.events')).toHaveLength(1);
    expect(service.records().filter(({ level }) => level === 'fatal')).toEqual([]);
  });

  it('lets a body finish that was half sent', async () => {
    await start();
    const body = JSON.stringify({
      event: { role: 'user', parts: [{ type: 'file', data: 'x'.repeat(8_000_000) }], token_count: 1 },
    });
    const connection = await begin(body.slice(0, 4_000_000), body.length);
    service.kill('SIGTERM');
    await stopping();
    expect((await connection.write(body.slice(4_000_000)).answer()).status).toBe(201);
    expect(await service.exited).toEqual({ code: 0, signal: null });
  });

  it('waits for idle connections and clients that went away no longer than it takes', async () => {
    await start();
    const idle = await RawConnection.open(service.url);
    expect((await idle.write('GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n').answer()).status).toBe(
      200,
    );
    const silent = await RawConnection.open(service.url);
    // One client leaves in the middle of its body, one while it waits, one reads nothing of its answer.
    const half = await begin('{"event":', 1000);
    await hold();
    const waiting = await RawConnection.open(service.url);
    waiting.write(post('{"event":{"role":"user","content":"held up"}}'));
    await heldUp();
    half.close();
    waiting.close();
    await holder.query('ROLLBACK');
    service.kill('SIGTERM');
    expect(await service.exited).toEqual({ code: 0, signal: null });
    await Promise.all([idle.end(), silent.end()]);
  });

  it('cuts off uploads that do not end and answers that nobody takes, and exits with 0', async () => {
    // What is cut off at half of the time leaves the other half for the rest.
    await start({ SHUTDOWN_TIMEOUT_MS: '10000' });
    const large = { role: 'user', content: 'x'.repeat(7_000_000), token_count: 1 };
    expect((await service.http.append('one', { event: large })).status).toBe(201);
    await begin('{"event":', 1000);
    const path = '/v1/conversations/one';
    const headers = 'host: localhost\r\n';
    const requests = [
      `GET ${path}/events HTTP/1.1\r\n${headers}\r\n`,
      `GET ${path}/stream?cursor=0 HTTP/1.1\r\n${headers}accept: text/event-stream\r\n\r\n`,
      `GET ${path}/stream?cursor=0 HTTP/1.1\r\n${headers}connection: Upgrade\r\nupgrade: websocket\r\n` +
        'sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    ];
    const { hostname, port } = new URL(service.url);
    const stuck = requests.map((request) => {
      const socket = connect({ host: hostname, port: Number(port) });
      socket.on('error', () => undefined).write(request);
      return socket;
    });
    // The first bytes of each answer have come, and nothing is read from then on.
    await Promise.all(stuck.map((socket) => once(socket, 'readable')));
    service.kill('SIGTERM');
    expect(await service.exited).toEqual({ code: 0, signal: null });
    for (const socket of stuck) socket.destroy();
  });

  it('is not held up longer than its time limit by a request that is still being worked on', async () => {
    await start({ SHUTDOWN_TIMEOUT_MS: '500' });
    await hold();
    const waiting = await RawConnection.open(service.url);
    waiting.write(post('{"event":{"role":"user","content":"held up"}}'));
    await heldUp();
    service.kill('SIGTERM');
    expect(await service.exited).toEqual({ code: 1, signal: null });
  });

  it('ends at once when it comes twice', async () => {
    await start();
    await begin('{"event":', 1000);
    service.kill('SIGTERM');
    await stopping();
    service.kill('SIGTERM');
    expect(await service.exited).toEqual({ code: 1, signal: null });
  });
});

describe('SIGTERM and SIGINT with the embedded database', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('%s stops it too, and leaves what was written', async (signal) => {
    const dataDir = await mkdtemp(join(tmpdir(), 'fastpaca-stop-'));
    try {
      const service = await BuiltService.start({ DATA_DIR: dataDir });
      await service.http.put('kept');
      const pid = Number.parseInt(await readFile(join(dataDir, 'postgres/postmaster.pid'), 'utf8'), 10);
      expect(isThere(pid)).toBe(true);
      service.kill(signal);
      expect(await service.exited).toEqual({ code: 0, signal: null });
      expect(isThere(pid)).toBe(false);
      expect(existsSync(join(dataDir, 'fastpaca.pid'))).toBe(false);
      const again = await BuiltService.start({ DATA_DIR: dataDir });
      expect((await again.http.get('kept')).status).toBe(200);
      expect(await again.stop()).toEqual({ code: 0, signal: null });
    } finally {
      await rm(dataDir, { recursive: true, force: true });
    }
  });
});

describe('SIGTERM during the start', () => {
  it('ends it, and leaves no database behind', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'fastpaca-start-'));
    try {
      const service = BuiltService.launch({ DATA_DIR: dataDir, LOG_LEVEL: 'debug' });
      await service.line(({ line }) =>
        ((line as string | undefined) ?? '').includes('ready to accept connections'),
      );
      const database = new EmbeddedServer(dataDir);
      expect(database.isRunning()).toBe(true);
      service.kill('SIGTERM');
      expect(await service.exited).toEqual({ code: 1, signal: null });
      while (database.isRunning()) await delay(10);
    } finally {
      await rm(dataDir, { recursive: true, force: true });
    }
  });
});

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
