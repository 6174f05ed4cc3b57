import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** Whether a process with this id runs. A process that only waits to be reaped has ended. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false; // EPERM: it belongs to another user
  }
  return !['Z', 'X'].includes(procStat(pid)[0] ?? '');
}

/**
 * When a process started, in clock ticks since boot. Distinguishes a process from a later one with the same id. Undefined
 * without /proc (macOS).
 */
export function startTicks(pid: number): number | undefined {
  const ticks = procStat(pid)[19];
  return ticks === undefined ? undefined : Number(ticks);
}

/** Fields of /proc/<pid>/stat from `state` on (man 5 proc); the name before it may contain blanks and brackets. */
function procStat(pid: number): string[] {
  const stat = readProc(`${pid}/stat`) ?? '';
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/**
 * The scope in which process ids are unique: this boot of this machine and this container. A process cannot look up a
 * process of another scope.
 */
export function processScope(): string {
  const boot = readProc('sys/kernel/random/boot_id')?.trim();
  return boot ? `${boot} ${readlinkSync('/proc/self/ns/pid')}` : hostname();
}

/** The arguments of a process, its program first; empty if they are unknown. Without /proc all arguments after the program are one text. */
export function commandLine(pid: number): string[] {
  const args = readProc(`${pid}/cmdline`);
  if (args !== undefined) return args.split('\0').slice(0, -1);
  try {
    const command = execFileSync('ps', ['-o', 'command=', '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [program = '', ...rest] = command.trim().split(/ (?=-)/);
    return [program, rest.join(' ')];
  } catch {
    return [];
  }
}

function readProc(path: string): string | undefined {
  try {
    return readFileSync(`/proc/${path}`, 'utf8');
  } catch {
    return undefined;
  }
}
