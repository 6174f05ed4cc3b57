// Lets one process at a time install and build in a checkout. Runs on any Node.js from 18 on.
import { readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, uptime } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';

const BEAT_MS = 2_000;
const POLL_MS = 200;
/** A lock of another machine or container is left over if nobody has touched it for so long while we watched. */
const SILENT_MS = 60_000;

/**
 * Waits until the lock file is ours. It is removed when this process exits.
 *
 * @param onWait called once with the owner's process number, if there is another owner
 * @returns a function that writes down the child process that works under this lock: should this process be killed,
 * the lock lasts as long as the child
 * @throws NodeJS.ErrnoException the folder cannot be written
 */
export async function lockCheckout(file, onWait, silentMs = SILENT_MS) {
  let watched;
  let told = false;
  while (!create(file)) {
    const found = read(file);
    if (!found) continue; // its owner has just removed it
    if (!watched || watched.text !== found.text || watched.mtimeMs !== found.mtimeMs) {
      watched = { ...found, polls: 0 };
    }
    if (isLeftOver(found) ?? watched.polls * POLL_MS >= silentMs) {
      remove(file, found.text);
      continue;
    }
    if (!told) onWait(found.owner?.pid);
    told = true;
    watched.polls += 1;
    await delay(POLL_MS);
  }
  const beat = setInterval(() => unlessAbsent(() => utimesSync(file, new Date(), new Date())), BEAT_MS);
  beat.unref();
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
  // Of one length, so that it replaces all of what was there.
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
    return undefined; // its owner is about to write it, or was killed before
  }
}

/** Undefined: it cannot be known from here, only from a lock that nobody touches. */
function isLeftOver({ owner, mtimeMs }) {
  if (owner?.host !== hostname()) return undefined;
  if (mtimeMs < Date.now() - uptime() * 1000) return true; // written before this machine started
  return ![owner.pid, owner.child].some((pid) => pid && pid !== process.pid && isRunning(pid));
}

function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM'; // another user's
  }
}

/** Removes a lock that was judged by its text, unless another process has replaced it in the meantime. */
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
