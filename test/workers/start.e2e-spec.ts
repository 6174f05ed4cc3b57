import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { BuiltService } from '../support/built-service.js';
import { FASTPACA } from '../support/command.js';
import { EmbeddedServer } from '../support/embedded-server.js';
import { Readers } from '../support/stream-reader.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { Workers } from '../support/workers.js';

const EXPORTS = pathToFileURL(join(import.meta.dirname, '../../dist/src/exports/index.js')).href;

let database: TestDatabase;
let folder: string;
beforeEach(async () => {
  database = await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'fastpaca-workers-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
  await database.drop();
});
const env = (more: Record<string, string> = {}) => ({
  DATABASE_URL: database.url,
  FASTPACA_WORKERS: '2',
  ...more,
});

/** Writes a program of a team. @returns its arguments for Node.js */
async function program(code: string): Promise<string[]> {
  const path = join(folder, 'main.mjs');
  await writeFile(path, code);
  return [path];
}

describe('a start with several workers', () => {
  /** Starts a service that must fail to start. @returns the one line with the reason */
  async function startFailure(more: Record<string, string>, args?: string[]): Promise<string> {
    const service = BuiltService.launch(env(more), args);
    expect(await service.exited).toEqual({ code: 1, signal: null });
    const failures = service.records().filter(({ level }) => ['error', 'fatal'].includes(level as string));
    expect(failures).toEqual([
      expect.objectContaining({ level: 'fatal', msg: expect.stringMatching(/^cannot start: /) }),
    ]);
    expect(service.errors).toBe('');
    return failures[0]!.msg as string;
  }

  it('fails with one line if the configuration is invalid', async () => {
    expect(await startFailure({ FASTPACA_WORKERS: '0' })).toBe(
      'cannot start: Invalid configuration: FASTPACA_WORKERS must be an integer from 1 to 32',
    );
    expect(await startFailure({ FASTPACA_POOL_SIZE: '1' })).toMatch(/FASTPACA_POOL_SIZE must be/);
  });

  it('fails with one line, and creates no database, if the port is in use', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const DATA_DIR = join(folder, 'data');
    expect(await startFailure({ DATABASE_URL: '', DATA_DIR, PORT: String(port) })).toBe(
      `cannot start: 127.0.0.1:${port} is in use by another program: stop that program, or set PORT to another port (0: any free one)`,
    );
    server.close();
    expect(await readdir(folder)).toEqual([]);
  });

  it('fails with the one line of its first worker, and stops the embedded database, if the schema is missing', async () => {
    expect(await startFailure({ DATABASE_URL: '', DATA_DIR: folder, MIGRATE_ON_BOOT: 'false' })).toMatch(
      /lacks the migration.*fastpaca migrate/,
    );
    expect(await readdir(folder)).toContain('postgres');
    expect(new EmbeddedServer(folder).isRunning()).toBe(false);
  });

  it('fails with one line if another worker than the first one cannot start', async () => {
    const failing = await program(`
      import cluster from 'node:cluster';
      import { bootstrap } from '${EXPORTS}';
      if (cluster.worker?.id === 2) process.exit(7);
      await bootstrap();`);
    expect(await startFailure({}, failing)).toMatch(/worker \d+ has ended with exit code 7 before it could/);
  });

  it('fails with one line in a process that is itself a worker of node:cluster', async () => {
    const nested = await program(`
      import cluster from 'node:cluster';
      import { bootstrap } from '${EXPORTS}';
      if (cluster.isWorker) await bootstrap();
      else cluster.fork().once('exit', (code) => process.exit(code));`);
    expect(await startFailure({}, nested)).toMatch(/FASTPACA_WORKERS must be 1 .*node:cluster/);
  });

  it('migrates an empty database once, opens the port when all workers are ready, and divides the limits of the node', async () => {
    const empty = await createTestDatabase({ migrated: false });
    const service = await BuiltService.start(
      env({ DATABASE_URL: empty.url, FASTPACA_STREAM_MAX_CONNECTIONS: '2' }),
    );
    const readers = new Readers(() => service);
    try {
      const listens = service.records().filter(({ url }) => url !== undefined);
      expect(listens).toMatchObject([{ pid: service.pid, database: 'PostgreSQL at DATABASE_URL' }]);
      expect(new Workers(() => service).pids()).toHaveLength(2);
      const migrations = await empty.query('SELECT name FROM fastpaca.migrations');
      expect(new Set(migrations.map(({ name }) => name)).size).toBe(migrations.length);

      // One stream for each worker; two of three are in the same worker.
      await service.http.put('followed');
      const streams = await Promise.allSettled([1, 2, 3].map(() => readers.ws('followed')));
      expect(streams.map(({ status }) => status)).toContain('rejected');
      expect(streams.map(({ status }) => status)).toContain('fulfilled');
    } finally {
      await readers.closeAll();
      expect(await service.stop()).toEqual({ code: 0, signal: null });
      await empty.drop();
    }
  });

  it('is what fastpaca serve --workers does', async () => {
    const service = await BuiltService.start({ DATABASE_URL: database.url }, [
      FASTPACA,
      'serve',
      '--workers',
      '2',
    ]);
    expect(new Workers(() => service).pids()).toHaveLength(2);
    expect(await service.stop()).toEqual({ code: 0, signal: null });
  });
});

describe('bootstrap() of a team, with several workers', () => {
  it('runs the module, and what follows, in each worker', async () => {
    const args = await program(`
      import { bootstrap, Metrics } from '${EXPORTS}';
      const { app } = await bootstrap({ module: class AcmeModule {} });
      console.log(JSON.stringify({ after: process.pid, hasMetrics: app.get(Metrics) !== undefined }));`);
    const service = await BuiltService.start(env(), args);
    const pids = new Workers(() => service).pids();
    for (const pid of pids) await service.line(({ after }) => after === pid);
    const after = service.records().filter((line) => line.after !== undefined);
    expect(after.map((line) => line.after).sort()).toEqual(pids.sort());
    for (const { hasMetrics } of after) expect(hasMetrics).toBe(true);
    expect(await service.stop()).toEqual({ code: 0, signal: null });
    expect(service.errors).toBe('');
  });
});
