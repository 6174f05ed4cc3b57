import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { stopServer } from './stop-server.js';
import { commandLine, isRunning } from './processes.js';

/**
 * Prepares a cluster for a new server: stops a server that a killed owner left running, neutralises a `postmaster.pid` whose
 * process is not a server, and removes the sockets of killed servers. Only the owner of the lock may call it.
 *
 * The old server is not adopted: it has the settings and the binaries of the release that started it, and it is not a child
 * of this process, which would not learn of its exit.
 *
 * @param clusterDir absolute, without symbolic links
 */
export async function stopLeftoverServer(clusterDir: string): Promise<void> {
  const pidFile = join(clusterDir, 'postmaster.pid');
  const pid = Number.parseInt((await readFile(pidFile, 'utf8').catch(ifAbsent)) ?? '', 10); // its first line
  if (!(pid > 0)) return removeSockets(clusterDir);

  const kind = isRunning(pid) ? identifyProcess(commandLine(pid), clusterDir) : 'another program';
  if (kind === 'unknown') return; // PostgreSQL decides, and does not start beside it
  if (kind === 'server of this cluster') {
    await stopServer(
      pid,
      (signal) => sendSignal(pid, signal),
      () => !isRunning(pid),
    );
  }
  await neutralise(pidFile);
  await removeSockets(clusterDir);
}

/**
 * A killed server leaves its socket behind, and a lock file `.s.PGSQL.<port>.lock` with its process id. PostgreSQL would mistake
 * another process with that id for a server that uses the socket.
 */
async function removeSockets(clusterDir: string): Promise<void> {
  for (const name of await readdir(clusterDir)) {
    if (name.startsWith('.s.PGSQL.')) await rm(join(clusterDir, name), { force: true });
  }
}

/**
 * Writes our own process id into the file. PostgreSQL would mistake another process with the id of the dead server (in a
 * container ids start again from 1), or a dead server that is not reaped yet, for a running server. It accepts our id,
 * because we are its parent. The file is not removed: its other lines let PostgreSQL find orphaned children that still write
 * to the cluster.
 */
async function neutralise(pidFile: string): Promise<void> {
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
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error; // ESRCH: it has ended
  }
}

/** What a process is, by its arguments. Our servers are always started with `-D` and the absolute path. */
export function identifyProcess(
  args: string[],
  clusterDir: string,
): 'server of this cluster' | 'another program' | 'unknown' {
  const [program = '', ...rest] = args;
  if (basename(program) !== 'postgres') return 'another program'; // a child of a server has the title "postgres: …"
  const options = ` ${rest.join(' ')} `;
  if (options.includes(` -D ${clusterDir} `)) return 'server of this cluster';
  return options.includes(' -D /') ? 'another program' : 'unknown';
}
