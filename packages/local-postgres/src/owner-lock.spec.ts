import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { OwnerLock } from './owner-lock.js';
import { processRealm, startTicks } from './processes.js';

const TIMES = { heartbeatMs: 20, watchMs: 400 };
const onLinux = process.platform === 'linux' ? it : it.skip;

describe('OwnerLock', () => {
  let dataDir: string;
  let path: string;

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'fastpaca-lock-'));
    path = join(dataDir, 'fastpaca.pid');
  });
  afterEach(() => rm(dataDir, { recursive: true }));

  const lockOf = (owner: object) => writeFile(path, JSON.stringify(owner));
  const me = () => ({ pid: process.pid, startTicks: startTicks(process.pid), realm: processRealm() });

  it('names its owner, refuses a second one, and is free again after release', async () => {
    const lock = await OwnerLock.acquire(dataDir);
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(JSON.parse(JSON.stringify(me())));
    await expect(OwnerLock.acquire(dataDir)).rejects.toThrow(
      `in use by another Fastpaca (process ${process.pid})`,
    );

    await lock.release();
    await lock.release();
    const next = await OwnerLock.acquire(dataDir);
    await next.release();
    await expect(readFile(path)).rejects.toThrow('ENOENT');
  });

  it('is taken from an owner whose process is gone', async () => {
    const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
    await once(child, 'exit');
    await lockOf({ ...me(), pid: child.pid });
    await (await OwnerLock.acquire(dataDir)).release();
  });

  onLinux('is taken from an owner whose number another process has now', async () => {
    await lockOf({ ...me(), startTicks: 1 });
    await (await OwnerLock.acquire(dataDir)).release();
  });

  it.each(['', 'not JSON', JSON.stringify({ pid: 0, realm: processRealm() }), '{"pid":1}'])(
    'is taken over when it reads %j',
    async (text) => {
      await writeFile(path, text);
      await (await OwnerLock.acquire(dataDir)).release();
    },
  );

  it('is refused while an owner in another container touches it', async () => {
    const owner = await OwnerLock.acquire(dataDir, TIMES);
    await lockOf({ ...me(), realm: 'elsewhere' }); // in place: the same file that the owner keeps touching
    // Looks twenty times in this time; the first look after a touch is the last.
    await expect(OwnerLock.acquire(dataDir, { ...TIMES, watchMs: 4000 })).rejects.toThrow(
      'in use by another Fastpaca',
    );
    await owner.release();
  });

  it('is taken from an owner in another container that no longer touches it', async () => {
    await lockOf({ ...me(), realm: 'elsewhere' });
    await (await OwnerLock.acquire(dataDir, TIMES)).release();
  });

  it('is taken at once when it was last touched before the machine went down', async () => {
    await lockOf({ ...me(), realm: 'elsewhere' });
    const yesterday = new Date(Date.now() - 86_400_000);
    await utimes(path, yesterday, yesterday);
    // Watching would outlast this test's time.
    await (await OwnerLock.acquire(dataDir, { ...TIMES, watchMs: 600_000 })).release();
  });

  it('is taken over after a takeover that was killed half-way', async () => {
    await writeFile(path, 'dead');
    await writeFile(`${path}.takeover`, 'dead as well');
    const lock = await OwnerLock.acquire(dataDir);
    expect(await readdir(dataDir)).toEqual(['fastpaca.pid']);
    await lock.release();
  });

  it('goes to exactly one of many that find a dead lock at once', async () => {
    for (let round = 0; round < 50; round++) {
      await writeFile(path, `dead ${round}`);
      const tries = await Promise.allSettled(Array.from({ length: 8 }, () => OwnerLock.acquire(dataDir)));
      const won = tries.filter((outcome) => outcome.status === 'fulfilled');
      expect(won).toHaveLength(1);
      await won[0]!.value.release();
    }
  });
});
