import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { endServer } from './end-server.js';
import { commandLine, isRunning } from './processes.js';

/**
 * Clears the way for a new server: stops the one that a killed owner left running on this cluster, and disarms a
 * `postmaster.pid` whose process is no server. To be called by the owner of the lock only.
 *
 * Stop and start afresh rather than take over: a server has the settings and the binaries of the release that started
 * it, and is not our child, so nobody would tell us of its end.
 *
 * @param clusterDir absolute, without symbolic links
 */
export async function clearLeftoverServer(clusterDir: string): Promise<void> {
  const pidFile = join(clusterDir, 'postmaster.pid');
  const pid = Number.parseInt((await readFile(pidFile, 'utf8').catch(ifAbsent)) ?? '', 10); // its first line
  if (!(pid > 0)) return;

  const owner = isRunning(pid) ? whose(commandLine(pid), clusterDir) : 'someone else';
  if (owner === 'unknown') return; // left to PostgreSQL, which refuses to start beside it
  if (owner === 'this cluster') {
    await endServer(
      pid,
      (signal) => sendSignal(pid, signal),
      () => !isRunning(pid),
    );
  }
  await disarm(pidFile);
}

/**
 * Keeps PostgreSQL from taking a stranger for a server because it has the number of a dead one (in a container numbers
 * start anew), or a killed server that nobody has reaped yet. The file is not removed, since by its other lines
 * PostgreSQL finds orphaned children that still write to the cluster. Our own number it knows to be no server: we are
 * its parent.
 */
async function disarm(pidFile: string): Promise<void> {
  const content = await readFile(pidFile, 'utf8').catch(ifAbsent);
  if (content !== undefined) await writeFile(pidFile, content.replace(/^\d+/, String(process.pid)));
}

function ifAbsent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error; // ESRCH: gone meanwhile
  }
}

/** Whose process this is, by its arguments. Our servers are always started with `-D` and the absolute path. */
export function whose(args: string[], clusterDir: string): 'this cluster' | 'someone else' | 'unknown' {
  const [program = '', ...rest] = args;
  if (basename(program) !== 'postgres') return 'someone else'; // a server's child has the title "postgres: …"
  const options = ` ${rest.join(' ')} `;
  if (options.includes(` -D ${clusterDir} `)) return 'this cluster';
  return options.includes(' -D /') ? 'someone else' : 'unknown';
}
