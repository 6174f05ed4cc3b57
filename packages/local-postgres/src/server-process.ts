import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Binaries } from './binaries.js';
import type { DataDir } from './data-dir.js';
import { EmbeddedPostgresError, OR_OWN_SERVER, programFailure } from './embedded-postgres.errors.js';
import { stopServer } from './stop-server.js';
import { spawnOptions } from './run-program.js';
import { serverArgs } from './server-settings.js';

/**
 * A start that logs nothing for this long has failed, in milliseconds. Counted from the last line of the log, not from the
 * start: recovery after a kill may take longer, and logs every 10 s. If it were interrupted, it would start again each time.
 */
const MAX_SILENCE_MS = 60_000;
/** Time in milliseconds for the orphaned children of a killed server to end. Most end at once. */
const ORPHAN_TIMEOUT_MS = 60_000;
/** Attempts to find a free port: another program may take the port before the server does. */
const MAX_PORT_ATTEMPTS = 5;
/** Lines of the log that are kept to explain a failed start. */
const MAX_KEPT_LINES = 50;

export interface LaunchOptions {
  dataDir: DataDir;
  binaries: Binaries;
  /** undefined: any free port */
  port: number | undefined;
  /** whether the server listens on a Unix socket, too; undefined: if it can create one */
  socket: boolean | undefined;
  onLog: (line: string) => void;
}

type Attempt = LaunchOptions & { port: number; socket: boolean };

/** A `postgres` that accepts connections on 127.0.0.1, and on a Unix socket in the folder of its cluster. */
export class ServerProcess {
  /**
   * Starts a server.
   *
   * @throws EmbeddedPostgresError the server exited early, or logged nothing for 60 s
   */
  static async launch(options: LaunchOptions): Promise<ServerProcess> {
    const { path, clusterDir } = options.dataDir;
    const orphanDeadline = Date.now() + ORPHAN_TIMEOUT_MS;
    let pauseMs = 10;
    let socket = options.socket ?? true;
    for (let portAttempt = 1; ;) {
      const port = options.port ?? (await freePort());
      const result = await attempt({ ...options, port, socket });
      if (result instanceof ServerProcess) return result;

      const output = result.join('\n');
      if (
        options.socket === undefined &&
        socket &&
        output.includes('could not create any Unix-domain socket')
      ) {
        socket = false; // its path is too long, or the file system has no sockets
      } else if (output.includes('Address already in use') && portAttempt < MAX_PORT_ATTEMPTS) {
        portAttempt++;
        await sleep((pauseMs = 2 * pauseMs));
      } else if (output.includes('pre-existing shared memory block') && Date.now() < orphanDeadline) {
        await sleep((pauseMs = Math.min(2 * pauseMs, 500)));
      } else if (output.includes('Address already in use')) {
        throw new EmbeddedPostgresError(
          `Port ${port} of 127.0.0.1, on which PostgreSQL must listen, is in use by another program: ` +
            `stop that program, ${OR_OWN_SERVER}`,
        );
      } else if (output.includes('lock file "postmaster.pid" already exists')) {
        throw new EmbeddedPostgresError(
          `Another PostgreSQL runs on ${clusterDir}: stop it, or use another data folder`,
        );
      } else {
        throw programFailure(`PostgreSQL did not start in ${path}`, result, path);
      }
    }
  }

  readonly pid: number;
  readonly port: number;
  /** whether it listens on a Unix socket, too */
  readonly socket: boolean;
  /** resolves when the process has ended, for any reason */
  readonly ended: Promise<void>;
  private readonly child: ChildProcess;

  constructor(child: ChildProcess, pid: number, port: number, socket: boolean, ended: Promise<void>) {
    this.child = child;
    this.pid = pid;
    this.port = port;
    this.socket = socket;
    this.ended = ended;
  }

  /** Stops the server and waits until its process has ended. */
  async stop(): Promise<void> {
    const { child, pid } = this;
    await stopServer(
      pid,
      (signal) => child.kill(signal),
      () => child.exitCode !== null || child.signalCode !== null,
    );
    await this.ended;
  }
}

/** @returns the server, or the last lines of its log if it exited early */
async function attempt(options: Attempt): Promise<ServerProcess | string[]> {
  const { dataDir, binaries, port, socket, onLog } = options;
  const child = spawn(binaries.postgres, serverArgs(dataDir.clusterDir, port, socket), {
    // The log comes through a pipe: it needs no rotation and no space on a disk that may be full. If this process is killed,
    // PostgreSQL ignores that nothing reads the pipe.
    stdio: ['ignore', 'ignore', 'pipe'],
    // A process group of its own: Ctrl-C at a terminal signals a whole group, and the application still uses the server.
    detached: true,
    ...spawnOptions(dataDir.account),
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await once(child, 'spawn');
  child.on('error', () => undefined); // a signal could not be sent; the sender checks its effect
  const server = new ServerProcess(child, child.pid ?? 0, port, socket, ended);

  // An exit without stop() must not leave the server running. Node.js emits 'exit' unless the process is killed.
  const stopOnExit = () => child.kill('SIGINT');
  process.once('exit', stopOnExit);
  void ended.then(() => process.off('exit', stopOnExit));

  const lastLines: string[] = [];
  child.stderr.on('error', () => undefined); // the log is lost; the server keeps running
  const lines = createInterface({ input: child.stderr });
  let silenceTimer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<ServerProcess | string[]>((resolve, reject) => {
      const restartTimer = () => {
        clearTimeout(silenceTimer);
        silenceTimer = setTimeout(() => reject(startTimeout(dataDir.path)), MAX_SILENCE_MS);
      };
      restartTimer();
      lines.on('line', (line) => {
        onLog(line);
        if (silenceTimer) restartTimer();
        lastLines.push(line);
        if (lastLines.length > MAX_KEPT_LINES) lastLines.shift();
        if (line.includes('database system is ready to accept connections')) resolve(server);
      });
      child.once('close', () => resolve(lastLines)); // 'close' follows 'exit' when all output has been read
    });
  } catch (error) {
    await server.stop();
    throw error;
  } finally {
    clearTimeout(silenceTimer);
    silenceTimer = undefined;
  }
}

function startTimeout(dataDir: string): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    `PostgreSQL in ${dataDir} logged nothing for ${MAX_SILENCE_MS / 1000} s while starting: check the load of the machine ` +
      `and its disk and start again, ${OR_OWN_SERVER}`,
  );
}

/** A port of 127.0.0.1 that no program uses at this moment. */
async function freePort(): Promise<number> {
  const probe = createServer();
  probe.listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
