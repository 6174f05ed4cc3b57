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

  const writeLock = (owner: object) => writeFile(path, JSON.stringify(owner));
  const thisProcess = () => ({
    pid: process.pid,
    startTicks: startTicks(process.pid),
    realm: processScope(),
  });

  it('names its owner, rejects a second owner, and can be acquired again after its release', async () => {
    const lock = await OwnerLock.acquire(dataDir, NAME);
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(JSON.parse(JSON.stringify(thisProcess())));
    await expect(OwnerLock.acquire(dataDir, NAME)).rejects.toThrow(
      `in use by another acme (process ${process.pid})`,
    );

    await lock.release();
    await lock.release();
    const next = await OwnerLock.acquire(dataDir, NAME);
    await next.release();
    await expect(readFile(path)).rejects.toThrow('ENOENT');
  });

  it('is taken over from an owner whose process has ended', async () => {
    const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
    await once(child, 'exit');
    await writeLock({ ...thisProcess(), pid: child.pid });
    await (await OwnerLock.acquire(dataDir, NAME)).release();
  });

  onLinux('is taken over from an owner whose process id now belongs to another process', async () => {
    await writeLock({ ...thisProcess(), startTicks: 1 });
    await (await OwnerLock.acquire(dataDir, NAME)).release();
  });

  it.each(['', 'not JSON', JSON.stringify({ pid: 0, realm: processScope() }), '{"pid":1}'])(
    'is taken over when its content is %j',
    async (text) => {
      await writeFile(path, text);
      await (await OwnerLock.acquire(dataDir, NAME)).release();
    },
  );

  it('rejects a second owner while an owner in another container touches its file', async () => {
    const owner = await OwnerLock.acquire(dataDir, NAME, TIMES);
    await writeLock({ ...thisProcess(), realm: 'elsewhere' }); // writes to the same file, which the owner keeps touching
    // `acquire` checks the file twenty times within `watchMs`, and rejects as soon as the file is touched.
    await expect(OwnerLock.acquire(dataDir, NAME, { ...TIMES, watchMs: 4000 })).rejects.toThrow(
      'in use by another acme',
    );
    await owner.release();
  });

  it('is taken over from an owner in another container that no longer touches its file', async () => {
    await writeLock({ ...thisProcess(), realm: 'elsewhere' });
    await (await OwnerLock.acquire(dataDir, NAME, TIMES)).release();
  });

  it('is taken over without watching its file when that was last touched long ago', async () => {
    await writeLock({ ...thisProcess(), realm: 'elsewhere' });
    const yesterday = new Date(Date.now() - 86_400_000);
    await utimes(path, yesterday, yesterday);
    // If `acquire` watched the file, the test would time out.
    await (await OwnerLock.acquire(dataDir, NAME, { ...TIMES, watchMs: 600_000 })).release();
  });

  it('is taken over after a process was killed during a takeover', async () => {
    await writeFile(path, 'dead');
    await writeFile(`${path}.takeover`, 'dead as well');
    const lock = await OwnerLock.acquire(dataDir, NAME);
    expect(await readdir(dataDir)).toEqual(['acme.pid']);
    await lock.release();
  });

  it('is acquired by exactly one of several callers that find a stale lock at the same time', async () => {
    for (let round = 0; round < 50; round++) {
      await writeFile(path, `dead ${round}`);
      const attempts = await Promise.allSettled(
        Array.from({ length: 8 }, () => OwnerLock.acquire(dataDir, NAME)),
      );
      const acquired = attempts.filter((outcome) => outcome.status === 'fulfilled');
      expect(acquired).toHaveLength(1);
      await acquired[0]!.value.release();
    }
  });
});
