import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';

/** The embedded database of a service, seen from outside the service. */
export class EmbeddedServer {
  private readonly clusterDir: string;

  constructor(dataDir: string) {
    this.clusterDir = join(dataDir, 'postgres');
  }

  /** Process id of its main process. */
  get pid(): number {
    return Number(this.pidFile()[0]);
  }

  /** Whether its main process is running; a zombie is not. */
  isRunning(): boolean {
    try {
      return parents().has(this.pid);
    } catch {
      return false; // no pid file
    }
  }

  /** `kill -9` of the main process and all of its children. */
  kill(): void {
    const main = this.pid;
    const children = [...parents()].filter(([, parent]) => parent === main).map(([pid]) => pid);
    for (const pid of [main, ...children]) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error; // the process has already ended
      }
    }
  }

  /** Runs SQL as the role of the service. */
  async query<Row extends pg.QueryResultRow = any>(text: string): Promise<Row[]> {
    const client = new pg.Client({
      host: '127.0.0.1',
      port: Number(this.pidFile()[3]),
      user: 'fastpaca',
      database: 'fastpaca',
      password: readFileSync(join(this.clusterDir, 'fastpaca.password'), 'utf8').trim(),
    });
    await client.connect();
    try {
      return (await client.query<Row>(text)).rows;
    } finally {
      await client.end();
    }
  }

  /** Lines of postmaster.pid: process, folder, start, port, … */
  private pidFile(): string[] {
    return readFileSync(join(this.clusterDir, 'postmaster.pid'), 'utf8').split('\n');
  }
}

/** The parent of every running process. */
function parents(): Map<number, number> {
  let numbers: string[];
  try {
    numbers = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,state='], { encoding: 'utf8' })
      .trim()
      .split('\n');
    const rows = lines
      .map((line) => line.trim().split(/\s+/))
      .filter(([, , state]) => !state?.startsWith('Z'));
    return new Map(rows.map(([pid, parent]) => [Number(pid), Number(parent)]));
  }
  return new Map(
    numbers.flatMap((pid): [number, number][] => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
        const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // man 5 proc
        return state === 'Z' ? [] : [[Number(pid), Number(parent)]];
      } catch {
        return []; // the process has ended
      }
    }),
  );
}
