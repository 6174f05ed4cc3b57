import { randomUUID } from 'node:crypto';
import { link, open, readFile, rm, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EmbeddedPostgresError, OR_OWN_SERVER } from './embedded-postgres.errors.js';
import { isRunning, processScope, startTicks } from './processes.js';

/** The process that owns a data folder: the content of the lock file. */
interface Owner {
  pid: number;
  /** see `startTicks`; undefined if the platform has no such number */
  startTicks?: number;
  /** see `processScope` */
  realm: string;
}

/** Times of the heartbeat that shows other containers that the owner is alive, in milliseconds. */
export interface LockTimes {
  /** interval in which the owner touches its lock file */
  heartbeatMs: number;
  /** a lock file that is not touched for this long, while it is watched, has no living owner */
  watchMs: number;
}

/** A blocked event loop may skip four heartbeats in a row. */
const DEFAULT_TIMES: LockTimes = { heartbeatMs: 2_000, watchMs: 10_000 };
/** A lock file that was last touched longer ago is not watched: its owner ended with the machine. */
const STALE_AFTER_MS = 60_000;

/**
 * The exclusive right to run the server of a data folder. `<dataDir>/<name>.pid` names the process that holds it.
 * PostgreSQL's own lock file is not enough: we stop a server that a killed owner left behind, and must not stop the server of
 * a living owner.
 *
 * An owner that ended without releasing the lock is recognised by its process id and start time. The process ids of another
 * container mean nothing here, so an owner there is recognised by its heartbeat: it touches the lock file.
 */
export class OwnerLock {
  /**
   * @param name names the lock file, and the program in the error
   * @throws EmbeddedPostgresError another process holds the lock
   */
  static async acquire(dataDir: string, name: string, times: LockTimes = DEFAULT_TIMES): Promise<OwnerLock> {
    const path = join(dataDir, `${name}.pid`);
    const candidate = `${path}.${randomUUID()}`;
    const ticks = startTicks(process.pid);
    const owner: Owner = {
      pid: process.pid,
      ...(ticks !== undefined && { startTicks: ticks }),
      realm: processScope(),
    };
    const file = await open(candidate, 'wx', 0o644);
    try {
      await file.writeFile(`${JSON.stringify(owner)}\n`);
      await take({ path, candidate, dataDir, name, watchMs: times.watchMs });
      return new OwnerLock(path, file, times.heartbeatMs);
    } catch (error) {
      await file.close();
      throw error;
    } finally {
      await rm(candidate, { force: true });
    }
  }

  /** Process id of the living process that holds the lock of the folder; undefined if no living process does. Changes nothing. */
  static async findOwner(
    dataDir: string,
    name: string,
    times: LockTimes = DEFAULT_TIMES,
  ): Promise<number | undefined> {
    const path = join(dataDir, `${name}.pid`);
    const text = await readFile(path, 'utf8').catch(ifAbsent);
    const owner = text === undefined ? undefined : parseOwner(text);
    return owner && (await isAlive(owner, path, times.watchMs)) ? owner.pid : undefined;
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
      this.file.utimes(now, now).catch(() => undefined); // one missed heartbeat does no harm
    }, heartbeatMs).unref();
  }

  /** Releases the folder. Calling it again does nothing. */
  release(): Promise<void> {
    return (this.released ??= this.removeFile());
  }

  private async removeFile(): Promise<void> {
    clearInterval(this.heartbeat);
    const { ino } = await this.file.stat();
    await this.file.close();
    const current = await stat(this.path).catch(() => undefined);
    if (current?.ino === ino) await rm(this.path, { force: true });
  }
}

interface Contest {
  /** the lock file */
  path: string;
  /** a complete lock file of this process under another name */
  candidate: string;
  dataDir: string;
  name: string;
  watchMs: number;
}

/**
 * Gives the file `candidate` the name `path`, as soon as no living owner holds that name.
 *
 * A stale lock is removed under a second lock, `<path>.takeover`, which is taken in the same way. Without it, one of several
 * processes that find the stale lock at the same time could remove the lock that another one has just taken. Tried and lost:
 * rename the stale lock and check it afterwards; with eight contenders, two won.
 *
 * @throws EmbeddedPostgresError the owner is alive
 */
async function take(contest: Contest): Promise<void> {
  const { path, candidate, dataDir, name, watchMs } = contest;
  // link() fails if the name exists, as open(…, 'wx') does; in addition, no process ever reads a half-written lock.
  while (!(await linked(candidate, path))) {
    const text = await readFile(path, 'utf8').catch(ifAbsent);
    if (text === undefined) continue;
    const owner = parseOwner(text);
    if (owner && (await isAlive(owner, path, watchMs))) {
      throw new EmbeddedPostgresError(
        `${dataDir} is in use by another ${name} (process ${owner.pid}): ` +
          `stop that process, use another data folder, ${OR_OWN_SERVER}`,
      );
    }
    const takeover = `${path}.takeover`;
    await take({ ...contest, path: takeover });
    try {
      if ((await readFile(path, 'utf8').catch(ifAbsent)) === text) await rm(path);
    } finally {
      await rm(takeover);
    }
  }
}

/** @returns false if a file of this name exists */
async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** @returns undefined if the text is not a lock, such as the empty file that a power failure may leave */
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
  if (owner.realm !== processScope()) return isTouched(path, watchMs);
  if (!isRunning(owner.pid)) return false;
  const ticks = startTicks(owner.pid);
  return ticks === undefined || owner.startTicks === undefined || ticks === owner.startTicks;
}

/** Watches whether an owner touches the lock file. */
async function isTouched(path: string, watchMs: number): Promise<boolean> {
  const first = await stat(path).catch(ifAbsent);
  if (!first || Date.now() - first.mtimeMs > STALE_AFTER_MS) return false;
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
