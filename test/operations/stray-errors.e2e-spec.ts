import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BuiltService } from '../support/built-service.js';
import { EmbeddedServer } from '../support/embedded-server.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

/** Preloads code that runs when the service receives SIGUSR2. */
function onSignal(code: string): string {
  return `--import=data:text/javascript,${encodeURIComponent(`process.on('SIGUSR2', () => { ${code} })`)}`;
}

describe('an unhandled error', () => {
  let database: TestDatabase;
  let dataDir: string;
  beforeAll(async () => {
    database = await createTestDatabase();
    dataDir = await mkdtemp(join(tmpdir(), 'fastpaca-test-stray-'));
  });
  afterAll(async () => {
    await database.drop();
    await rm(dataDir, { recursive: true, force: true });
  });

  it('is logged and does not stop the service if it is a rejected promise', async () => {
    const service = await BuiltService.start({
      DATABASE_URL: database.url,
      NODE_OPTIONS: onSignal("Promise.reject(new Error('stray'))"),
    });
    try {
      await service.http.put('a');
      service.kill('SIGUSR2');
      const line = await service.line(({ level, err }) => level === 'error' && err?.message === 'stray');
      expect(line.msg).toBe('a promise was rejected and not handled');
      expect((await service.http.say('a', 'still there')).body).toMatchObject({ seq: 1 });
      expect(await service.stop()).toEqual({ code: 0, signal: null });
    } finally {
      await service.stop();
    }
  });

  it('stops the service and then its database with exit code 1 if it is a thrown exception', async () => {
    const service = await BuiltService.start({
      DATA_DIR: dataDir,
      NODE_OPTIONS: onSignal("setImmediate(() => { throw new Error('stray') })"),
    });
    await service.http.put('a');
    service.kill('SIGUSR2');
    expect(await service.exited).toEqual({ code: 1, signal: null });
    expect(service.records().filter(({ level }) => level === 'fatal')).toEqual([
      expect.objectContaining({ err: expect.objectContaining({ message: 'stray' }) }),
    ]);
    expect(service.errors).toBe('');
    expect(new EmbeddedServer(dataDir).isRunning()).toBe(false);
  });
});
