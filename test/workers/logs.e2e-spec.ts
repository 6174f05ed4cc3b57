import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BuiltService } from '../support/built-service.js';
import { RawConnection } from '../support/raw-http.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const MAIN = join(import.meta.dirname, '../../dist/src/main.js');
/** Runs the program $2 $3 with the pipe $1 as its stdout; `cat`, with its process id in $1.pid, reads the pipe. */
const WITH_PIPE = 'mkfifo "$1"; cat "$1" & echo $! >"$1.pid"; exec "$2" "$3" >"$1"';

const CONNECTIONS = 8;
const REQUESTS_PER_CONNECTION = 300;

describe('the log of several workers', () => {
  let database: TestDatabase;
  let folder: string;
  let service: BuiltService;
  beforeAll(async () => {
    database = await createTestDatabase();
    folder = await mkdtemp(join(tmpdir(), 'fastpaca-logs-'));
    const shell = ['sh', '-c', WITH_PIPE, 'sh', join(folder, 'log'), process.execPath, MAIN];
    const env = { DATABASE_URL: database.url, FASTPACA_WORKERS: '4' };
    const become = `process.execve('/bin/sh', ${JSON.stringify(shell)}, process.env)`;
    service = await BuiltService.start(env, ['--no-warnings', '--eval', become]);
  });
  afterAll(async () => {
    service.kill('SIGKILL');
    await service.exited;
    await rm(folder, { recursive: true, force: true });
    await database.drop();
  });

  it('has each line whole, and none is lost when the service stops', async () => {
    // The pipe is full while its reader does not read. Then a long write of one worker would be torn by others.
    const reader = Number(await readFile(join(folder, 'log.pid'), 'utf8'));
    process.kill(reader, 'SIGSTOP');
    const expected = new Set<string>();
    const connections = await Promise.all(
      Array.from({ length: CONNECTIONS }, () => RawConnection.open(service.url)),
    );
    await Promise.all(
      connections.map(async (connection) => {
        for (let round = 0; round < REQUESTS_PER_CONNECTION; round += 1) {
          // The ids have different lengths, so that lines end at any byte of a write.
          const id = `${randomUUID()}${'x'.repeat(round % 90)}`;
          expected.add(id);
          const head = `GET /v1/conversations/nowhere HTTP/1.1\r\nhost: localhost\r\nx-request-id: ${id}\r\n\r\n`;
          expect((await connection.write(head).response()).status).toBe(404);
        }
        connection.close();
      }),
    );
    process.kill(reader, 'SIGCONT');
    expect(await service.stop()).toEqual({ code: 0, signal: null });
    // `records` throws if a line is not JSON.
    const logged = service.records().map(({ request_id }) => request_id as string);
    expect(logged.filter((id) => expected.has(id))).toHaveLength(expected.size);
    const pids = new Set(service.records().map(({ pid }) => pid as number));
    expect(pids.size).toBe(5);
  });
});
