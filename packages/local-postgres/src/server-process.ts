import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Binaries } from './binaries.js';
import type { DataDir } from './data-dir.js';
import { EmbeddedPostgresError, OR_DATABASE_URL, programFailure } from './embedded-postgres.errors.js';
import { endServer } from './end-server.js';
import { serverSurroundings } from './run-program.js';
import { serverArgs } from './server-settings.js';

/**
 * A start that says nothing for so long has failed, in ms. Counted from its last line and not from its beginning:
 * recovery after a kill may take longer, and reports every 10 s; cut short, it would begin anew each time.
 */
const SILENCE_MS = 60_000;
/** Orphans of a killed server get so long to end, in ms. They do when they next look up, so mostly at once. */
const ORPHANS_MS = 60_000;
/** Another program may take the free port that we found before the server does. */
const PORT_ATTEMPTS = 5;
/** Lines kept to tell why a start failed. */
const KEPT_LINES = 50;

export interface LaunchOptions {
  dataDir: DataDir;
  binaries: Binaries;
  /** must be this one; undefined: any free one */
  port: number | undefined;
  onLog: (line: string) => void;
}

/** A `postgres` that accepts connections on 127.0.0.1. */
export class ServerProcess {
  /**
   * Starts a server.
   *
   * @throws EmbeddedPostgresError it ended early, or kept silent for 60 s
   */
  static async launch(options: LaunchOptions): Promise<ServerProcess> {
    const { path, clusterDir } = options.dataDir;
    const orphansUntil = Date.now() + ORPHANS_MS;
    let pauseMs = 10;
    for (let portAttempt = 1; ;) {
      const port = options.port ?? (await freePort());
      const result = await attempt(options, port);
      if (result instanceof ServerProcess) return result;

      const said = result.join('\n');
      if (said.includes('Address already in use') && portAttempt < PORT_ATTEMPTS) {
        portAttempt++;
        await sleep((pauseMs = 2 * pauseMs));
      } else if (said.includes('pre-existing shared memory block') && Date.now() < orphansUntil) {
        await sleep((pauseMs = Math.min(2 * pauseMs, 500)));
      } else if (said.includes('Address already in use')) {
        throw new EmbeddedPostgresError(
          `Port ${port} of 127.0.0.1, which PostgreSQL is to listen on, is taken by another program: ` +
            `stop that one, ${OR_DATABASE_URL}`,
        );
      } else if (said.includes('lock file "postmaster.pid" already exists')) {
        throw new EmbeddedPostgresError(
          `Another PostgreSQL runs on ${clusterDir}: stop it, or set DATA_DIR to another folder`,
        );
      } else {
        throw programFailure(`PostgreSQL did not start in ${path}`, result, path);
      }
    }
  }

  readonly pid: number;
  readonly port: number;
  /** resolves when the process has ended, for whatever reason */
  readonly ended: Promise<void>;
  private readonly child: ChildProcess;

  constructor(child: ChildProcess, pid: number, port: number, ended: Promise<void>) {
    this.child = child;
    this.pid = pid;
    this.port = port;
    this.ended = ended;
  }

  /** Stops the server, gently at first, and waits till it is gone. */
  async stop(): Promise<void> {
    const { child, pid } = this;
    await endServer(
      pid,
      (signal) => child.kill(signal),
      () => child.exitCode !== null || child.signalCode !== null,
    );
    await this.ended;
  }
}

/** @returns the server, or if it ended early the last lines of its log */
async function attempt(
  { dataDir, binaries, onLog }: LaunchOptions,
  port: number,
): Promise<ServerProcess | string[]> {
  const child = spawn(binaries.postgres, serverArgs(dataDir.clusterDir, port), {
    // The log by a pipe: it joins our own, needs no rotation and no space on a disk that may be full. When we are killed
    // PostgreSQL ignores that nobody reads any more.
    stdio: ['ignore', 'ignore', 'pipe'],
    // A process group of its own: Ctrl-C at a terminal reaches the whole group, and we still have requests to answer.
    detached: true,
    ...serverSurroundings(dataDir.account),
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await once(child, 'spawn');
  child.on('error', () => undefined); // a signal that could not be delivered; its sender looks whether it had an effect
  const server = new ServerProcess(child, child.pid ?? 0, port, ended);

  // An exit that forgot to stop() must not leave the server behind. This is only run when node ends by itself.
  const stopOnExit = () => child.kill('SIGINT');
  process.once('exit', stopOnExit);
  void ended.then(() => process.off('exit', stopOnExit));

  const lastLines: string[] = [];
  child.stderr.on('error', () => undefined); // the log is lost, and the server goes on
  const lines = createInterface({ input: child.stderr });
  let silence: NodeJS.Timeout | undefined;
  try {
    return await new Promise<ServerProcess | string[]>((resolve, reject) => {
      const expectWord = () => {
        clearTimeout(silence);
        silence = setTimeout(() => reject(silentFor(dataDir.path)), SILENCE_MS);
      };
      expectWord();
      lines.on('line', (line) => {
        onLog(line);
        if (silence) expectWord();
        lastLines.push(line);
        if (lastLines.length > KEPT_LINES) lastLines.shift();
        if (line.includes('database system is ready to accept connections')) resolve(server);
      });
      child.once('close', () => resolve(lastLines)); // close and not exit: by then all it said has been read
    });
  } catch (error) {
    await server.stop();
    throw error;
  } finally {
    clearTimeout(silence);
    silence = undefined;
  }
}

function silentFor(dataDir: string): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    `PostgreSQL in ${dataDir} said nothing for ${SILENCE_MS / 1000} s while starting: look at the load of the machine ` +
      `and its disk and start again, ${OR_DATABASE_URL}`,
  );
}

/** A port of 127.0.0.1 that nobody listens on at this moment. */
async function freePort(): Promise<number> {
  const probe = createServer();
  probe.listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
