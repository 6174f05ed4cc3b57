import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { BuiltService } from '../support/built-service.js';
import { EmbeddedServer } from '../support/embedded-server.js';
import { eventually } from '../support/eventually.js';
import { expectError } from '../support/error-shape.js';
import { Readers } from '../support/stream-reader.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { Workers } from '../support/workers.js';

const APPEND = { event: { role: 'user', content: 'held up' } };

describe('SIGTERM to a service with several workers', () => {
  let database: TestDatabase;
  let service: BuiltService;
  let holder: pg.Client;
  const workers = new Workers(() => service);
  const readers = new Readers(() => service);

  beforeEach(async () => {
    database = await createTestDatabase();
    holder = new pg.Client({ connectionString: database.url });
    await holder.connect();
  });
  afterEach(async () => {
    workers.closeConnections();
    await readers.closeAll();
    service.kill('SIGKILL');
    await service.exited;
    await holder.end();
    await database.drop();
  });
  const start = async (more: Record<string, string> = {}) => {
    service = await BuiltService.start({ DATABASE_URL: database.url, FASTPACA_WORKERS: '2', ...more });
    await service.http.put('one');
  };
  const stopping = () => service.line(({ msg }) => msg === 'stopping');
  const hold = async () => {
    await holder.query('BEGIN');
    await holder.query("SELECT FROM fastpaca.conversations WHERE id = 'one' FOR UPDATE");
  };
  const untilBlocked = (count: number) =>
    eventually('the appends wait for the row', async () => {
      const waiting = await database.query(
        "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
      );
      return waiting.length >= count;
    });

  it('lets the requests of every worker finish, closes streams with 1001, and exits with 0', async () => {
    await start();
    const connections = await workers.connectToEach();
    const streams = await Promise.all(connections.map(() => readers.ws('one')));
    await hold();
    const appends = connections.map(({ request }) => request('POST', '/v1/conversations/one/events', APPEND));
    await untilBlocked(connections.length);
    service.kill('SIGTERM');
    await stopping();
    for (const stream of streams) expect(await stream.ended()).toEqual({ code: 1001 });
    expectError(await service.http.request('GET', '/health/ready'), 503);
    expectError(await service.http.say('one', 'late'), 503);
    await holder.query('ROLLBACK');
    const responses = await Promise.all(appends);
    expect(responses.map(({ status, body }) => [status, body.seq]).sort()).toEqual([
      [201, 1],
      [201, 2],
    ]);
    expect(await service.exited).toEqual({ code: 0, signal: null });
    expect(await database.query('SELECT seq FROM fastpaca.events')).toHaveLength(2);
    const stopped = service.records().filter(({ msg }) => msg === 'stopped');
    expect(stopped.map(({ clean }) => clean)).toEqual([true, true, true]);
    expect(service.records().filter(({ level }) => level === 'fatal')).toEqual([]);
    expect(service.errors).toBe('');
  });

  it('kills a worker that does not stop within SHUTDOWN_TIMEOUT_MS, and exits with 1', async () => {
    await start({ SHUTDOWN_TIMEOUT_MS: '1000' });
    const [frozen] = workers.pids();
    process.kill(frozen!, 'SIGSTOP');
    service.kill('SIGTERM');
    expect(await service.exited).toEqual({ code: 1, signal: null });
    expect(
      service.records().findLast(({ msg, pid }) => msg === 'stopped' && pid === service.pid),
    ).toMatchObject({
      clean: false,
    });
  });

  it('exits with 1 if a request is still in flight after SHUTDOWN_TIMEOUT_MS', async () => {
    await start({ SHUTDOWN_TIMEOUT_MS: '500' });
    const [connection] = await workers.connectToEach();
    await hold();
    connection!.request('POST', '/v1/conversations/one/events', APPEND).catch(() => undefined);
    await untilBlocked(1);
    service.kill('SIGTERM');
    expect(await service.exited).toEqual({ code: 1, signal: null });
  });

  it('ends all processes at once if it is sent twice', async () => {
    await start();
    const [connection] = await workers.connectToEach();
    await hold();
    connection!.request('POST', '/v1/conversations/one/events', APPEND).catch(() => undefined);
    await untilBlocked(1);
    service.kill('SIGTERM');
    await stopping();
    service.kill('SIGTERM');
    expect(await service.exited).toEqual({ code: 1, signal: null });
    expect(service.errors).toBe('');
  });

  it('stops cleanly if every process receives the signal, as from a terminal', async () => {
    await start();
    await service.http.say('one', 'stored');
    for (const pid of [service.pid, ...workers.pids()]) process.kill(pid, 'SIGINT');
    expect(await service.exited).toEqual({ code: 0, signal: null });
    expect(service.records().filter(({ level }) => ['error', 'fatal'].includes(level as string))).toEqual([]);
  });
});

describe('a service with several workers and the embedded database', () => {
  let dataDir: string;
  beforeEach(async () => (dataDir = await mkdtemp(join(tmpdir(), 'fastpaca-workers-'))));
  afterEach(() => rm(dataDir, { recursive: true, force: true }));

  it('stops the database after all workers, and keeps its data', async () => {
    const env = { DATA_DIR: dataDir, FASTPACA_WORKERS: '2', LOG_LEVEL: 'debug' };
    const service = await BuiltService.start(env);
    await service.http.put('kept');
    await service.http.say('kept', 'one');
    expect(await service.stop()).toEqual({ code: 0, signal: null });
    expect(new EmbeddedServer(dataDir).isRunning()).toBe(false);
    const timeOf = (matches: (line: Record<string, any>) => boolean) =>
      service
        .records()
        .filter(matches)
        .map(({ time }) => Date.parse(time as string));
    const workersStopped = timeOf(({ msg, pid }) => msg === 'stopped' && pid !== service.pid);
    const [databaseStops] = timeOf(({ line }) =>
      ((line as string | undefined) ?? '').includes('received fast shutdown request'),
    );
    expect(workersStopped).toHaveLength(2);
    expect(Math.max(...workersStopped)).toBeLessThanOrEqual(databaseStops!);
    const restarted = await BuiltService.start({ DATA_DIR: dataDir });
    expect((await restarted.http.window('kept')).body.version).toBe(1);
    expect(await restarted.stop()).toEqual({ code: 0, signal: null });
  });

  it('ends all processes on SIGTERM during the start', async () => {
    const service = BuiltService.launch({ DATA_DIR: dataDir, FASTPACA_WORKERS: '2', LOG_LEVEL: 'debug' });
    await service.line(({ line }) =>
      ((line as string | undefined) ?? '').includes('ready to accept connections'),
    );
    const embedded = new EmbeddedServer(dataDir);
    expect(embedded.isRunning()).toBe(true);
    service.kill('SIGTERM');
    expect(await service.exited).toEqual({ code: 1, signal: null });
    while (embedded.isRunning()) await delay(10);
  });
});
