import { randomUUID } from 'node:crypto';
import { link, open, readFile, rm, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EmbeddedPostgresError, OR_DATABASE_URL } from './embedded-postgres.errors.js';
import { isRunning, processRealm, startTicks } from './processes.js';

/** Who owns a data folder, as its `fastpaca.pid` says. */
interface Owner {
  pid: number;
  /** see `startTicks`; absent where the platform does not tell */
  startTicks?: number;
  realm: string;
}

/** How long a live owner may seem dead to one that cannot look its process up, in ms. */
export interface LockTimes {
  /** the owner touches its lock so often */
  heartbeatMs: number;
  /** a lock untouched for so long while being watched has no owner any more */
  watchMs: number;
}

/** Five beats may be lost to a blocked event loop. */
const DEFAULT_TIMES: LockTimes = { heartbeatMs: 2_000, watchMs: 10_000 };
/** A lock older than this is not watched: its owner died with the machine long ago. */
const SURELY_DEAD_MS = 60_000;

/**
 * The right to run the database of a data folder: one process has it, named in `<dataDir>/fastpaca.pid`. PostgreSQL's
 * own interlock does not do, since we stop the server that a killed owner left behind, and must not stop a live one's.
 *
 * An owner that died without releasing is recognised by its process number and start time; one in another container,
 * whose numbers mean nothing to us, by a lock that it no longer touches.
 */
export class OwnerLock {
  static async acquire(dataDir: string, times: LockTimes = DEFAULT_TIMES): Promise<OwnerLock> {
    const path = join(dataDir, 'fastpaca.pid');
    const mine = `${path}.${randomUUID()}`;
    const ticks = startTicks(process.pid);
    const owner: Owner = {
      pid: process.pid,
      ...(ticks !== undefined && { startTicks: ticks }),
      realm: processRealm(),
    };
    const file = await open(mine, 'wx', 0o644);
    try {
      await file.writeFile(`${JSON.stringify(owner)}\n`);
      await take(path, mine, dataDir, times.watchMs);
      return new OwnerLock(path, file, times.heartbeatMs);
    } catch (error) {
      await file.close();
      throw error;
    } finally {
      await rm(mine, { force: true });
    }
  }

  private readonly path: string;
  private readonly file: FileHandle;
  private readonly heartbeat: NodeJS.Timeout;
  private released?: Promise<void>;

  private constructor(path: string, file: FileHandle, heartbeatMs: number) {
    this.path = path;
    this.file = file;
    this.heartbeat = setInterval(() => {
      const now = new Date();
      this.file.utimes(now, now).catch(() => undefined); // a lost beat is not worth a crash; the next one counts
    }, heartbeatMs).unref();
  }

  /** Gives the folder back. Calling it again does nothing. */
  release(): Promise<void> {
    return (this.released ??= this.giveBack());
  }

  private async giveBack(): Promise<void> {
    clearInterval(this.heartbeat);
    const { ino } = await this.file.stat();
    await this.file.close();
    const current = await stat(this.path).catch(() => undefined);
    if (current?.ino === ino) await rm(this.path, { force: true });
  }
}

/**
 * Makes `path` a name of the file `mine`, once no live owner has it.
 *
 * A dead lock is removed under a lock of its own, `<path>.takeover`, taken the same way. Of several that find it dead at
 * once, one could else remove what another has just taken; renaming it away and looking at it there was tried, and with
 * eight contenders two of them won.
 *
 * @throws EmbeddedPostgresError its owner lives
 */
async function take(path: string, mine: string, dataDir: string, watchMs: number): Promise<void> {
  // link and not open(…, 'wx'): like that it fails if there is one, and nobody ever reads a half-written lock.
  while (!(await linked(mine, path))) {
    const text = await readFile(path, 'utf8').catch(ifAbsent);
    if (text === undefined) continue;
    const owner = parseOwner(text);
    if (owner && (await isAlive(owner, path, watchMs))) {
      throw new EmbeddedPostgresError(
        `${dataDir} is in use by another Fastpaca (process ${owner.pid}): ` +
          `stop that one, set DATA_DIR to another folder, ${OR_DATABASE_URL}`,
      );
    }
    const takeover = `${path}.takeover`;
    await take(takeover, mine, dataDir, watchMs);
    try {
      if ((await readFile(path, 'utf8').catch(ifAbsent)) === text) await rm(path);
    } finally {
      await rm(takeover);
    }
  }
}

/** @returns false if there is a file of this name already */
async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** @returns undefined for what is no lock of ours, such as the empty file that a power cut may leave */
function parseOwner(text: string): Owner | undefined {
  try {
    const { pid, startTicks: ticks, realm } = JSON.parse(text) as Partial<Owner>;
    if (!Number.isSafeInteger(pid) || pid === undefined || pid <= 0 || realm === undefined) return undefined;
    return { pid, realm, ...(ticks !== undefined && { startTicks: ticks }) };
  } catch {
    return undefined;
  }
}

async function isAlive(owner: Owner, path: string, watchMs: number): Promise<boolean> {
  if (owner.realm !== processRealm()) return isTouched(path, watchMs);
  if (!isRunning(owner.pid)) return false;
  const ticks = startTicks(owner.pid);
  return ticks === undefined || owner.startTicks === undefined || ticks === owner.startTicks;
}

/** Watches whether the owner of a lock still touches it. */
async function isTouched(path: string, watchMs: number): Promise<boolean> {
  const first = await stat(path).catch(ifAbsent);
  if (!first || Date.now() - first.mtimeMs > SURELY_DEAD_MS) return false;
  for (let waitedMs = 0; waitedMs < watchMs; waitedMs += watchMs / 20) {
    await sleep(watchMs / 20);
    const now = await stat(path).catch(ifAbsent);
    if (!now) return false;
    if (now.mtimeMs !== first.mtimeMs) return true;
  }
  return false;
}

function ifAbsent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
