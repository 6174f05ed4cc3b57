import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { BuiltService } from '../support/built-service.js';
import { EmbeddedServer } from '../support/embedded-server.js';
import { expectError } from '../support/error-shape.js';
import { RawConnection } from '../support/raw-http.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

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
  const untilBlocked = async () => {
    const waiting =
      "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while ((await database.query(waiting)).length === 0) await delay(5);
  };
  const post = (body: string, length = body.length, more = '') =>
    'POST /v1/conversations/one/events HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n' +
    `content-length: ${length}\r\n${more}\r\n${body}`;
  /** Sends the headers and the beginning of a body. Resolves when the service has received the headers. */
  const begin = async (body: string, length: number): Promise<RawConnection> => {
    const connection = await RawConnection.open(service.url);
    const { status } = await connection.write(post('', length, 'expect: 100-continue\r\n')).response();
    expect(status).toBe(100);
    return connection.write(body);
  };

  it('lets requests in flight finish, makes the service not ready and reject new requests, and exits with 0', async () => {
    await start();
    await hold();
    const [appending, keptAlive, late] = await Promise.all(
      [1, 2, 3].map(() => RawConnection.open(service.url)),
    );
    appending!.write(post('{"event":{"role":"user","content":"held up"}}'));
    await untilBlocked();
    const ready = await keptAlive!.write('GET /health/ready HTTP/1.1\r\nhost: localhost\r\n\r\n').response();
    expect(ready.status).toBe(200);
    service.kill('SIGTERM');
    await stopping();

    const unready = await keptAlive!
      .write('GET /health/ready HTTP/1.1\r\nhost: localhost\r\n\r\n')
      .response();
    expectError(unready, 503);
    expect((await service.http.request('GET', '/health/live')).status).toBe(200);
    expectError(await late!.write(post('{"event":{"role":"user","content":"late"}}')).response(), 503);
    await Promise.all([keptAlive!.end(), late!.end()]);

    await holder.query('ROLLBACK');
    const response = await appending!.response();
    expect([response.status, response.body.seq]).toEqual([201, 1]);
    expect(await service.exited).toEqual({ code: 0, signal: null });
    expect(await database.query('SELECT seq FROM fastpaca.events')).toHaveLength(1);
    expect(service.records().filter(({ level }) => level === 'fatal')).toEqual([]);
  });

  it('waits for the rest of a body that is half sent', async () => {
    await start();
    const body = JSON.stringify({
      event: { role: 'user', parts: [{ type: 'file', data: 'x'.repeat(8_000_000) }], token_count: 1 },
    });
    const connection = await begin(body.slice(0, 4_000_000), body.length);
    service.kill('SIGTERM');
    await stopping();
    expect((await connection.write(body.slice(4_000_000)).response()).status).toBe(201);
    expect(await service.exited).toEqual({ code: 0, signal: null });
  });

  it('does not wait for idle connections or for clients that have disconnected', async () => {
    await start();
    const idle = await RawConnection.open(service.url);
    expect((await idle.write('GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n').response()).status).toBe(
      200,
    );
    const silent = await RawConnection.open(service.url);
    // One client disconnects in the middle of its body, another while it waits for the response.
    const half = await begin('{"event":', 1000);
    await hold();
    const waiting = await RawConnection.open(service.url);
    waiting.write(post('{"event":{"role":"user","content":"held up"}}'));
    await untilBlocked();
    half.close();
    waiting.close();
    await holder.query('ROLLBACK');
    service.kill('SIGTERM');
    expect(await service.exited).toEqual({ code: 0, signal: null });
    await Promise.all([idle.end(), silent.end()]);
  });

  it('closes stalled uploads and responses that are not read, and exits with 0', async () => {
    // The service closes these connections after half of the timeout. The other half is for the rest of the shutdown.
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
    // The first bytes of each response have arrived. From now on the test reads nothing.
    await Promise.all(stuck.map((socket) => once(socket, 'readable')));
    service.kill('SIGTERM');
    expect(await service.exited).toEqual({ code: 0, signal: null });
    for (const socket of stuck) socket.destroy();
  });

  it('does not wait longer than SHUTDOWN_TIMEOUT_MS for a request in flight, and exits with 1', async () => {
    await start({ SHUTDOWN_TIMEOUT_MS: '500' });
    await hold();
    const waiting = await RawConnection.open(service.url);
    waiting.write(post('{"event":{"role":"user","content":"held up"}}'));
    await untilBlocked();
    service.kill('SIGTERM');
    expect(await service.exited).toEqual({ code: 1, signal: null });
  });

  it('ends the process at once if it is sent twice', async () => {
    await start();
    await begin('{"event":', 1000);
    service.kill('SIGTERM');
    await stopping();
    service.kill('SIGTERM');
    expect(await service.exited).toEqual({ code: 1, signal: null });
  });
});

describe('a service with the embedded database', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('stops the database on %s and keeps its data', async (signal) => {
    const dataDir = await mkdtemp(join(tmpdir(), 'fastpaca-stop-'));
    try {
      const service = await BuiltService.start({ DATA_DIR: dataDir });
      await service.http.put('kept');
      const pid = Number.parseInt(await readFile(join(dataDir, 'postgres/postmaster.pid'), 'utf8'), 10);
      expect(isRunning(pid)).toBe(true);
      service.kill(signal);
      expect(await service.exited).toEqual({ code: 0, signal: null });
      expect(isRunning(pid)).toBe(false);
      expect(existsSync(join(dataDir, 'fastpaca.pid'))).toBe(false);
      const restarted = await BuiltService.start({ DATA_DIR: dataDir });
      expect((await restarted.http.get('kept')).status).toBe(200);
      expect(await restarted.stop()).toEqual({ code: 0, signal: null });
    } finally {
      await rm(dataDir, { recursive: true, force: true });
    }
  });
});

describe('SIGTERM during the start', () => {
  it('ends the process and stops the embedded database', async () => {
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

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
