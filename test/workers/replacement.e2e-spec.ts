import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { BuiltService } from '../support/built-service.js';
import { EmbeddedServer } from '../support/embedded-server.js';
import { eventually } from '../support/eventually.js';
import { readMetrics } from '../support/metrics-text.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { Workers } from '../support/workers.js';

/** Runs code in the parent and in every worker before the service. `isWorker` says in which. */
function preload(code: string): string {
  const module = `import cluster from 'node:cluster'; const { isWorker } = cluster; ${code}`;
  return `--import=data:text/javascript,${encodeURIComponent(module)}`;
}

const HAS_ENDED = 'a worker has ended; starting another one';

describe('a worker that ends', () => {
  let database: TestDatabase;
  let service: BuiltService;
  const workers = new Workers(() => service);
  const endOf = (pid: number) => service.line(({ msg, worker }) => msg === HAS_ENDED && worker === pid);

  beforeAll(async () => {
    database = await createTestDatabase();
    const throwing = "if (isWorker) process.on('SIGUSR2', () => { throw new Error('stray') });";
    service = await BuiltService.start({
      DATABASE_URL: database.url,
      FASTPACA_WORKERS: '3',
      NODE_OPTIONS: preload(throwing),
    });
  });
  afterEach(() => workers.closeConnections());
  afterAll(async () => {
    expect(await service.stop()).toEqual({ code: 0, signal: null });
    expect(service.errors).toBe('');
    await database.drop();
  });

  it('is replaced after kill -9, while the others answer, and no counter of /metrics decreases', async () => {
    const pids = workers.pids();
    await service.http.put('kept');
    const [victim, other] = await workers.connectToEach();
    const body = { event: { role: 'user', content: 'kept' } };
    await victim!.request('POST', '/v1/conversations/kept/events', body);
    const before = await readMetrics(service);
    expect(before.value('fastpaca_events_appended_total')).toBe(1);

    process.kill(victim!.pid, 'SIGKILL');
    await victim!.raw.end();
    expect((await other!.request('GET', '/v1/conversations/kept/window')).body.version).toBe(1);
    expect(await endOf(victim!.pid)).toMatchObject({
      level: 'error',
      pid: service.pid,
      signal: 'SIGKILL',
      delay_ms: 0,
    });
    const replacement = await workers.replacementOf(pids);
    const connections = await workers.connectToEach();
    expect(connections.map(({ pid }) => pid)).toContain(replacement);
    for (const connection of connections)
      expect((await connection.request('GET', '/v1/conversations/kept/window')).body.version).toBe(1);

    const after = await readMetrics(service);
    const isGauge = (name: string) => before.types.get(name) === 'gauge';
    const decreased = before.samples.filter(
      ({ name, labels, value }) =>
        /_(total|count|sum|bucket)$/.test(name) && !isGauge(name) && after.value(name, labels) < value,
    );
    expect(decreased).toEqual([]);
    expect(after.value('fastpaca_events_appended_total')).toBe(1);
    expect([after.value('fastpaca_worker_exits_total'), after.value('fastpaca_workers')]).toEqual([1, 3]);
  });

  it('does not leave the connection open that it has not accepted', async () => {
    const pids = workers.pids();
    const [frozen] = await workers.connectToEach();
    process.kill(frozen!.pid, 'SIGSTOP');
    // The parent hands connections to the workers in turn. One of these waits for the worker that is frozen.
    const sockets = pids.map(() => connect(Number(new URL(service.url).port), '127.0.0.1'));
    let answered = 0;
    const closed = sockets.map(async (socket) => {
      socket.on('error', () => undefined).once('data', () => (answered += 1));
      socket.write('GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n');
      await new Promise((resolve) => socket.once('close', resolve));
    });
    await eventually('the other connections are answered', () => answered === pids.length - 1);
    process.kill(frozen!.pid, 'SIGKILL');
    await Promise.race(closed);
    for (const socket of sockets) socket.destroy();
    await workers.replacementOf(pids);
  });

  it('is replaced after SIGTERM', async () => {
    const pids = workers.pids();
    process.kill(pids[0]!, 'SIGTERM');
    expect(await endOf(pids[0]!)).toMatchObject({ code: 0, signal: null });
    await workers.replacementOf(pids);
  });

  it('is replaced after an exception that was not caught', async () => {
    const pids = workers.pids();
    process.kill(pids[0]!, 'SIGUSR2');
    const fatal = await service.line(({ level }) => level === 'fatal');
    expect(fatal).toMatchObject({ pid: pids[0], err: { message: 'stray' } });
    expect(await endOf(pids[0]!)).toMatchObject({ code: 1, signal: null });
    await workers.replacementOf(pids);
    expect((await service.http.request('GET', '/health/ready')).status).toBe(200);
  });
});

describe('a worker that cannot start', () => {
  let database: TestDatabase;
  let folder: string;
  let service: BuiltService;
  beforeEach(async () => {
    database = await createTestDatabase();
    folder = await mkdtemp(join(tmpdir(), 'fastpaca-workers-'));
    const failing = `import { existsSync, rmSync } from 'node:fs';
      if (isWorker && existsSync('${folder}/fail')) process.exit(7);
      if (isWorker && existsSync('${folder}/kill')) {
        rmSync('${folder}/kill');
        process.kill(process.pid, 'SIGKILL');
      }`;
    service = await BuiltService.start({
      DATABASE_URL: database.url,
      FASTPACA_WORKERS: '2',
      NODE_OPTIONS: preload(failing),
    });
  });
  afterEach(async () => {
    service.kill('SIGKILL');
    await service.exited;
    await rm(folder, { recursive: true, force: true });
    await database.drop();
  });

  it('is tried again after growing delays while another worker serves requests', async () => {
    const workers = new Workers(() => service);
    const pids = workers.pids();
    await writeFile(join(folder, 'fail'), '');
    process.kill(pids[0]!, 'SIGKILL');
    await service.line(({ delay_ms }) => delay_ms === 2000);
    expect((await service.http.request('GET', '/health/ready')).status).toBe(200);
    const ends = service.records().filter(({ delay_ms }) => delay_ms !== undefined);
    expect(ends).toMatchObject([
      { worker: pids[0], signal: 'SIGKILL', delay_ms: 0, msg: HAS_ENDED },
      { code: 7, delay_ms: 500, msg: expect.stringMatching(/^a worker cannot start: .* with exit code 7/) },
      { code: 7, delay_ms: 2000 },
    ]);
    await rm(join(folder, 'fail'));
    await workers.replacementOf(pids);
    expect(await service.stop()).toEqual({ code: 0, signal: null });
  });

  it('is tried again if it is killed during its start, also while no other worker serves requests', async () => {
    const workers = new Workers(() => service);
    const pids = workers.pids();
    await writeFile(join(folder, 'kill'), '');
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    const isKilledEarly = ({ msg }: Record<string, unknown>) =>
      /cannot start: .* by SIGKILL/.test(String(msg));
    await Promise.race([service.line(isKilledEarly), service.exited]);
    expect(service.records().filter(isKilledEarly)).toMatchObject([{ level: 'error', signal: 'SIGKILL' }]);
    await eventually('all workers serve requests again', () => workers.pids().length === pids.length);
    expect((await service.http.request('GET', '/health/ready')).status).toBe(200);
    expect(await service.stop()).toEqual({ code: 0, signal: null });
  });

  it('ends the service with 1 if no other worker serves requests', async () => {
    await database.query(
      "INSERT INTO fastpaca.migrations (timestamp, name) VALUES (9999999999999, 'Future9999999999999')",
    );
    for (const pid of new Workers(() => service).pids()) process.kill(pid, 'SIGKILL');
    expect(await service.exited).toEqual({ code: 1, signal: null });
    expect(service.records().filter(({ level }) => level === 'fatal')).toMatchObject([
      { pid: service.pid, msg: expect.stringMatching(/^cannot start: .*newer version/) },
    ]);
    expect(service.errors).toBe('');
  });
});

describe('a parent that is killed', () => {
  it('takes its workers with it, and the next start finds everything', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'fastpaca-workers-'));
    const env = { DATA_DIR: dataDir, FASTPACA_WORKERS: '2' };
    try {
      const service = await BuiltService.start(env);
      await service.http.put('kept');
      await service.http.say('kept', 'one');
      const port = new URL(service.url).port;
      service.kill('SIGKILL');
      await service.exited; // the workers have ended, too: they share the stdout
      expect(service.errors).toBe('');
      const next = await BuiltService.start({ ...env, PORT: port });
      expect((await next.http.window('kept')).body.version).toBe(1);
      expect(await next.stop()).toEqual({ code: 0, signal: null });
      expect(new EmbeddedServer(dataDir).isRunning()).toBe(false);
    } finally {
      await rm(dataDir, { recursive: true, force: true });
    }
  });
});
