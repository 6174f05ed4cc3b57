// Lets one process at a time install and build in a checkout. Runs on any Node.js from 18 on.
import { readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, uptime } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';

const HEARTBEAT_MS = 2_000;
const POLL_MS = 200;
/** A lock of another machine or container is stale if it was not touched for this long while it was watched. */
const STALE_AFTER_MS = 60_000;

/**
 * Waits for the lock file and takes it. The file is removed when this process exits.
 *
 * @param onWait called once with the owner's process id, if another process holds the lock
 * @returns a function that records the child process that works under this lock: if this process is killed, the lock lasts
 *   until the child ends
 * @throws NodeJS.ErrnoException the folder cannot be written
 */
export async function lockCheckout(file, onWait, staleAfterMs = STALE_AFTER_MS) {
  let watched;
  let reported = false;
  while (!create(file)) {
    const found = read(file);
    if (!found) continue; // its owner has just removed it
    if (!watched || watched.text !== found.text || watched.mtimeMs !== found.mtimeMs) {
      watched = { ...found, polls: 0 };
    }
    if (isStale(found) ?? watched.polls * POLL_MS >= staleAfterMs) {
      remove(file, found.text);
      continue;
    }
    if (!reported) onWait(found.owner?.pid);
    reported = true;
    watched.polls += 1;
    await delay(POLL_MS);
  }
  const heartbeat = setInterval(
    () => unlessAbsent(() => utimesSync(file, new Date(), new Date())),
    HEARTBEAT_MS,
  );
  heartbeat.unref();
  process.once('exit', () => rmSync(file, { force: true }));
  return (child) => unlessAbsent(() => write(file, 'r+', { child }));
}

function create(file) {
  try {
    write(file, 'wx');
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    return false;
  }
}

function write(file, flags, more) {
  // A fixed length, so that the text replaces the whole file.
  const text = JSON.stringify({ pid: process.pid, host: hostname(), ...more }).padEnd(400);
  writeFileSync(file, text, { flag: flags });
}

function read(file) {
  return unlessAbsent(() => {
    const { mtimeMs } = statSync(file);
    const text = readFileSync(file, 'utf8');
    return { mtimeMs, text, owner: parse(text) };
  });
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // its owner has not written it yet, or was killed before
  }
}

/** Undefined for a lock of another machine: only a missing heartbeat shows that it is stale. */
function isStale({ owner, mtimeMs }) {
  if (owner?.host !== hostname()) return undefined;
  if (mtimeMs < Date.now() - uptime() * 1000) return true; // written before this machine started
  return ![owner.pid, owner.child].some((pid) => pid && pid !== process.pid && isRunning(pid));
}

function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM'; // it belongs to another user
  }
}

/** Removes a stale lock, unless another process has replaced it in the meantime. */
function remove(file, text) {
  const aside = `${file}.${process.pid}`;
  unlessAbsent(() => {
    renameSync(file, aside);
    if (readFileSync(aside, 'utf8') !== text) renameSync(aside, file);
    rmSync(aside, { force: true });
  });
}

function unlessAbsent(action) {
  try {
    return action();
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    return undefined;
  }
}
