import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** Whether a process of this number is there and not merely waiting to be reaped. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false; // EPERM: another user's
  }
  return !['Z', 'X'].includes(procStat(pid)[0] ?? '');
}

/**
 * When a process was started, in clock ticks since boot: with the number it tells a process from a later one that was
 * given the same number. Undefined where there is no /proc (macOS).
 */
export function startTicks(pid: number): number | undefined {
  const ticks = procStat(pid)[19];
  return ticks === undefined ? undefined : Number(ticks);
}

/** Fields of /proc/<pid>/stat from `state` on (man 5 proc); the name before it may hold blanks and brackets itself. */
function procStat(pid: number): string[] {
  const stat = readProc(`${pid}/stat`) ?? '';
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/**
 * What process numbers are numbers of: this boot of this machine and this container. Two processes of different realms
 * cannot look each other up.
 */
export function processRealm(): string {
  const boot = readProc('sys/kernel/random/boot_id')?.trim();
  return boot ? `${boot} ${readlinkSync('/proc/self/ns/pid')}` : hostname();
}

/** The arguments of a process, its program first; empty if they cannot be had. Without /proc all but the first are one. */
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
