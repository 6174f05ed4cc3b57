// The embedded database of a node, accessed from outside the service: its processes and its SQL.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { isRunning, kill, withChildren } from './processes.mjs';

export class EmbeddedDatabase {
  /** @param dataDir the service's DATA_DIR */
  constructor(dataDir) {
    this.cluster = join(dataDir, 'postgres');
  }

  /** `kill -9` of the main process only. Its children exit when they notice. */
  killPostmaster() {
    kill([this.pid]);
  }

  /** `kill -9` of the main process and all of its children. */
  killAll() {
    kill(withChildren(this.pid));
  }

  get pid() {
    return Number(this.pidFile()[0]);
  }

  /** Whether a main process other than `formerPid` runs. */
  isRunningAgain(formerPid) {
    try {
      return this.pid !== formerPid && isRunning(this.pid);
    } catch {
      return false; // no pid file
    }
  }

  get url() {
    const password = readFileSync(join(this.cluster, 'fastpaca.password'), 'utf8').trim();
    return `postgresql://fastpaca:${password}@127.0.0.1:${this.pidFile()[3]}/fastpaca?sslmode=disable`;
  }

  /** Runs one statement on a new connection. */
  query(text, values) {
    return queryOnce(this.url, text, values);
  }

  /** Lines of postmaster.pid: process, folder, start, port, … */
  pidFile() {
    return readFileSync(join(this.cluster, 'postmaster.pid'), 'utf8').split('\n');
  }
}

/** Runs one statement on a new connection. @returns its rows */
export async function queryOnce(connectionString, text, values) {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 10_000 });
  client.on('error', () => undefined); // the failed query reports the error
  try {
    await client.connect();
    return (await client.query(text, values)).rows;
  } finally {
    await client.end().catch(() => undefined);
  }
}
