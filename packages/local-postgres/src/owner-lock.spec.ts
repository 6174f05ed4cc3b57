import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { OwnerLock } from './owner-lock.js';
import { processScope, startTicks } from './processes.js';

const NAME = 'acme';
const TIMES = { heartbeatMs: 20, watchMs: 400 };
const onLinux = process.platform === 'linux' ? it : it.skip;

describe('OwnerLock', () => {
  let dataDir: string;
  let path: string;

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'local-postgres-lock-'));
    path = join(dataDir, 'acme.pid');
  });
  afterEach(() => rm(dataDir, { recursive: true }));

  const lockOf = (owner: object) => writeFile(path, JSON.stringify(owner));
  const me = () => ({ pid: process.pid, startTicks: startTicks(process.pid), realm: processScope() });

  it('names its owner, rejects a second one, and is free again after release', async () => {
    const lock = await OwnerLock.acquire(dataDir, NAME);
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(JSON.parse(JSON.stringify(me())));
    await expect(OwnerLock.acquire(dataDir, NAME)).rejects.toThrow(
      `in use by another acme (process ${process.pid})`,
    );

    await lock.release();
    await lock.release();
    const next = await OwnerLock.acquire(dataDir, NAME);
    await next.release();
    await expect(readFile(path)).rejects.toThrow('ENOENT');
  });

  it('is taken from an owner whose process has ended', async () => {
    const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
    await once(child, 'exit');
    await lockOf({ ...me(), pid: child.pid });
    await (await OwnerLock.acquire(dataDir, NAME)).release();
  });

  onLinux('is taken from an owner whose process id belongs to another process now', async () => {
    await lockOf({ ...me(), startTicks: 1 });
    await (await OwnerLock.acquire(dataDir, NAME)).release();
  });

  it.each(['', 'not JSON', JSON.stringify({ pid: 0, realm: processScope() }), '{"pid":1}'])(
    'is taken over when it reads %j',
    async (text) => {
      await writeFile(path, text);
      await (await OwnerLock.acquire(dataDir, NAME)).release();
    },
  );

  it('is rejected while an owner in another container touches it', async () => {
    const owner = await OwnerLock.acquire(dataDir, NAME, TIMES);
    await lockOf({ ...me(), realm: 'elsewhere' }); // in place: the same file that the owner keeps touching
    // Checks twenty times in this time, and stops at the first touch.
    await expect(OwnerLock.acquire(dataDir, NAME, { ...TIMES, watchMs: 4000 })).rejects.toThrow(
      'in use by another acme',
    );
    await owner.release();
  });

  it('is taken from an owner in another container that no longer touches it', async () => {
    await lockOf({ ...me(), realm: 'elsewhere' });
    await (await OwnerLock.acquire(dataDir, NAME, TIMES)).release();
  });

  it('is taken at once if it was last touched long ago', async () => {
    await lockOf({ ...me(), realm: 'elsewhere' });
    const yesterday = new Date(Date.now() - 86_400_000);
    await utimes(path, yesterday, yesterday);
    // Watching would outlast this test's time.
    await (await OwnerLock.acquire(dataDir, NAME, { ...TIMES, watchMs: 600_000 })).release();
  });

  it('is taken over after a takeover that was killed', async () => {
    await writeFile(path, 'dead');
    await writeFile(`${path}.takeover`, 'dead as well');
    const lock = await OwnerLock.acquire(dataDir, NAME);
    expect(await readdir(dataDir)).toEqual(['acme.pid']);
    await lock.release();
  });

  it('is taken by exactly one of many processes that find a stale lock at the same time', async () => {
    for (let round = 0; round < 50; round++) {
      await writeFile(path, `dead ${round}`);
      const tries = await Promise.allSettled(
        Array.from({ length: 8 }, () => OwnerLock.acquire(dataDir, NAME)),
      );
      const won = tries.filter((outcome) => outcome.status === 'fulfilled');
      expect(won).toHaveLength(1);
      await won[0]!.value.release();
    }
  });
});
