// A PostgreSQL primary with a standby, from Debian's packages, in a folder of the campaign. PostgreSQL does not run as root. If
// the campaign runs as root, it runs the programs as the user `postgres`. Data is not flushed to the disk, because the campaign
// kills only processes, and what a process has written survives its kill.
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { appendFile, chown, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../bench/server-process.mjs';
import { queryOnce } from './embedded-database.mjs';
import { kill, withChildren } from './processes.mjs';
import { until } from './waiting.mjs';

const execute = promisify(execFile);
const PACKAGES = '/usr/lib/postgresql';
/** Small, because a node that leaks sessions then reaches the limit soon. */
const MAX_CONNECTIONS = 60;
/** A rewound server that does not replicate within this time is replaced. */
const REWIND_LIMIT_MS = 20_000;
const SETTINGS = `
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = ${MAX_CONNECTIONS}
shared_buffers = 32MB
fsync = off
wal_log_hints = on
wal_keep_size = 256MB
hot_standby = on
synchronous_standby_names = '*'
wal_receiver_status_interval = 1s
`;

/** The folder of the newest installed PostgreSQL. @throws Error that names the package to install */
export function findPrograms() {
  const found = newestPrograms();
  if (!found)
    throw new Error(
      `failovers need PostgreSQL's server programs in ${PACKAGES}: install them with "apt-get install postgresql"`,
    );
  return found;
}

export function hasPrograms() {
  return newestPrograms() !== undefined;
}

function newestPrograms() {
  const versions = existsSync(PACKAGES) ? readdirSync(PACKAGES).sort((a, b) => a - b) : [];
  return versions
    .map((version) => join(PACKAGES, version, 'bin'))
    .findLast((folder) => existsSync(join(folder, 'pg_basebackup')));
}

export class PostgresPair {
  servers = 0;

  /** A primary with the empty database `fastpaca` and a connected synchronous standby. */
  static async create(folder, onEnd) {
    const pair = new PostgresPair();
    const programs = findPrograms();
    const account = process.getuid() === 0 ? { uid: idOf('-u'), gid: idOf('-g') } : {};
    if (account.uid !== undefined) await chown(folder, account.uid, account.gid);
    pair.run = (program, args) =>
      execute(join(programs, program), args, {
        ...account,
        cwd: folder,
        env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8', TZ: 'UTC' },
      });
    pair.folder = folder;
    onEnd(() => pair.stop());
    const primary = await pair.newServer();
    await pair.run('initdb', ['-D', primary.dir, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-sync']);
    await appendFile(join(primary.dir, 'postgresql.conf'), SETTINGS);
    await primary.start();
    await primary.query('CREATE ROLE fastpaca LOGIN', 'postgres');
    await primary.query('CREATE DATABASE fastpaca OWNER fastpaca', 'postgres');
    pair.primary = primary;
    await pair.addStandby();
    return pair;
  }

  /** Adds a synchronous standby: the former primary, rewound, or a new base backup. */
  async addStandby(former) {
    if (former && (await this.rewind(former))) return;
    this.standby = await this.baseBackup();
    await this.standby.start();
    await this.standbyIs('sync');
    if (former) await rm(former.dir, { recursive: true, force: true });
  }

  /** Resolves when the standby replicates and commits wait for it (`sync`) or do not wait (`async`). */
  async standbyIs(state, limitMs) {
    await this.untilOnPrimary(
      `the standby is ${state}`,
      `SELECT FROM pg_stat_replication WHERE state = 'streaming' AND sync_state = '${state}'`,
      limitMs,
    );
  }

  /** Resolves when the standby has everything that the primary has written. No client may write. */
  async standbyHasAll() {
    await this.untilOnPrimary(
      'the standby has all',
      'SELECT FROM pg_stat_replication WHERE replay_lsn = pg_current_wal_lsn()',
    );
  }

  async untilOnPrimary(what, sql, limitMs) {
    await until(what, async () => (await this.primary.query(sql, 'postgres')).length > 0, { limitMs });
  }

  /** Makes commits wait for the standby, which is the default, or not. */
  async setSynchronous(synchronous) {
    const change = synchronous ? 'RESET synchronous_standby_names' : "SET synchronous_standby_names = ''";
    await this.primary.query(`ALTER SYSTEM ${change}`, 'postgres');
    await this.primary.query('SELECT pg_reload_conf()', 'postgres');
  }

  /** Disconnects the standby from the primary. The standby receives no more changes. */
  async severStandby() {
    await this.standby.query("ALTER SYSTEM SET primary_conninfo = ''", 'postgres');
    await this.standby.query('SELECT pg_reload_conf()', 'postgres');
    const left = 'SELECT WHERE NOT EXISTS (SELECT FROM pg_stat_replication)';
    await this.untilOnPrimary('the standby has left', left);
  }

  /** Promotes the standby. @returns the former primary, which may still run */
  async promote() {
    const former = this.primary;
    await this.run('pg_ctl', ['promote', '-w', '-D', this.standby.dir]);
    this.primary = this.standby;
    this.standby = undefined;
    return former;
  }

  async stop() {
    for (const server of [this.standby, this.primary]) await server?.stop('immediate').catch(() => undefined);
  }

  async newServer() {
    this.servers += 1;
    return new Server(this, join(this.folder, `server-${this.servers}`), await freePort());
  }

  async baseBackup() {
    const server = await this.newServer();
    const source = `host=127.0.0.1 port=${this.primary.port} user=postgres application_name=standby`;
    await this.run('pg_basebackup', [
      '-D',
      server.dir,
      '-d',
      source,
      '-R',
      '-c',
      'fast',
      '-X',
      'stream',
      '-N',
    ]);
    return server;
  }

  /** @returns whether the former primary replicates. It cannot if it needs a WAL file that was removed */
  async rewind(former) {
    const source = `host=127.0.0.1 port=${this.primary.port} user=postgres dbname=postgres`;
    try {
      await this.primary.query('CHECKPOINT', 'postgres'); // pg_rewind reads the promotion from the control file
      await this.run('pg_rewind', [`--target-pgdata=${former.dir}`, `--source-server=${source}`, '-R', '-N']);
      await former.start();
      await this.standbyIs('sync', REWIND_LIMIT_MS);
      this.standby = former;
      return true;
    } catch {
      await former.stop('immediate').catch(() => undefined);
      return false;
    }
  }
}

/** One server of the pair. */
class Server {
  constructor(pair, dir, port) {
    Object.assign(this, { pair, dir, port });
  }

  /** Sets the port on the command line, because a base backup copies the configuration file. */
  async start() {
    const log = join(this.pair.folder, 'postgres.log');
    await this.pair.run('pg_ctl', ['start', '-w', '-D', this.dir, '-l', log, '-o', `-p ${this.port}`]);
  }

  /** @param mode `fast` disconnects clients, `immediate` also skips the checkpoint */
  async stop(mode) {
    await this.pair.run('pg_ctl', ['stop', '-w', '-D', this.dir, '-m', mode]);
  }

  /** `kill -9` of the main process and all of its children. */
  kill() {
    kill(withChildren(this.pid));
  }

  get pid() {
    return Number(readFileSync(join(this.dir, 'postmaster.pid'), 'utf8').split('\n')[0]);
  }

  /** Runs one statement as the superuser. Its commit does not wait for a standby. */
  query(text, database = 'fastpaca') {
    const options = encodeURIComponent('-c synchronous_commit=local');
    return queryOnce(`postgresql://postgres@127.0.0.1:${this.port}/${database}?options=${options}`, text);
  }
}

function idOf(flag) {
  try {
    return Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  } catch {
    throw new Error(
      'there is no user "postgres" to run PostgreSQL: "apt-get install postgresql" creates one',
    );
  }
}
