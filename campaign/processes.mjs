// Reads /proc: the children of a process, its workers, the processes whose working folder is in a folder, the memory of a process.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

function processIds() {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** Process `pid` and its children. */
export function withChildren(pid) {
  return [pid, ...processIds().filter((each) => parentOf(each) === pid)];
}

/** The children of process `pid` that run the same program. */
export function workersOf(pid) {
  const program = programOf(pid);
  return withChildren(pid).filter((each) => each !== pid && programOf(each) === program);
}

/** Processes whose working folder is in `folder`. */
export function processesIn(folder) {
  return processIds().filter((pid) => {
    try {
      const workingFolder = readlinkSync(`/proc/${pid}/cwd`).replace(/ \(deleted\)$/, '');
      return workingFolder === folder || workingFolder.startsWith(`${folder}/`);
    } catch {
      return false; // the process has ended
    }
  });
}

export function isRunning(pid) {
  return !['', 'Z', 'X'].includes(statOf(pid)[0] ?? '');
}

/** Sends SIGKILL to each process; ignores processes that have ended. */
export function kill(pids) {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      if (error.code !== 'ESRCH') throw error;
    }
  }
}

/** Resident memory of a process in bytes: now, and the peak since it started; 0 if it has ended. */
export function memoryOf(pid) {
  const status = readStatus(pid);
  const bytes = (name) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) * 1024;
  return { now: bytes('VmRSS'), peak: bytes('VmHWM') };
}

function readStatus(pid) {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return '';
  }
}

/** Undefined if the process has ended. */
function programOf(pid) {
  try {
    return readlinkSync(`/proc/${pid}/exe`);
  } catch {
    return undefined;
  }
}

function parentOf(pid) {
  return Number(statOf(pid)[1]);
}

/** Fields of /proc/<pid>/stat from the state on (man 5 proc). The name before the state may contain blanks and brackets. */
function statOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}
