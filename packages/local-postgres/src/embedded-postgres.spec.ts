import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmod,
  chown,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { transformFile } from '@swc/core';
import pg from 'pg';
import {
  EmbeddedPostgres,
  EmbeddedPostgresError,
  type EmbeddedPostgresOptions,
} from './embedded-postgres.js';
import { isRunning } from './processes.js';
import { findRunningServer } from './running-server.js';
import { serverAccount } from './server-account.js';

const SOURCES = fileURLToPath(new URL('.', import.meta.url));
const NODE_MODULES = fileURLToPath(new URL('../../../node_modules', import.meta.url));
const asRoot = process.geteuid?.() === 0 ? it : it.skip;
const asOrdinaryUser = process.geteuid?.() === 0 ? it.skip : it;

/** A program that starts a server, prints `pid url` and runs until it is killed. */
const OWNER = `
  import { EmbeddedPostgres } from './embedded-postgres.js';
  const database = await EmbeddedPostgres.start({ dataDir: process.argv[2], name: 'acme' });
  console.log(database.pid, database.url);
  setInterval(() => {}, 1000);
`;

/** Whether the connection is by a Unix socket. */
const IS_LOCAL = 'SELECT inet_server_addr() IS NULL AS local';

describe('EmbeddedPostgres', () => {
  let home: string;
  const running: EmbeddedPostgres[] = [];
  const children: ChildProcess[] = [];
  const serverPids = new Set<number>();

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'local-postgres-'));
    await chmod(home, 0o755); // if root starts the server, it runs as another user, which needs access to this folder
    await compileOwner(join(home, 'owner'));
  });
  afterEach(async () => {
    for (const child of children.splice(0)) await kill(child);
    await Promise.all(running.splice(0).map((database) => database.stop()));
  });
  afterAll(async () => {
    for (const pid of serverPids) if (isRunning(pid)) process.kill(pid, 'SIGKILL');
    await rm(home, { recursive: true, maxRetries: 10 });
  });

  async function start(dataDir: string, options: Partial<EmbeddedPostgresOptions> = {}) {
    const database = await EmbeddedPostgres.start({ dataDir, name: 'acme', ...options });
    running.push(database);
    serverPids.add(database.pid);
    return database;
  }

  /** Starts a separate process that owns a database. */
  async function startOwner(dataDir: string) {
    const child = spawn(process.execPath, [join(home, 'owner', 'owner.mjs'), dataDir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    const [pid = '', url = ''] = line.split(' ');
    serverPids.add(Number(pid));
    return { child, pid: Number(pid), url };
  }

  it('creates a cluster, keeps its data after a restart, and logs no data', async () => {
    const dataDir = join(home, 'fresh', 'data');
    const lines: string[] = [];
    const first = await start(dataDir, { onLog: (line) => lines.push(line) });
    expect(new URL(first.url)).toMatchObject({
      hostname: '127.0.0.1',
      port: String(first.port),
      pathname: '/acme',
    });
    expect((await stat(join(dataDir, 'postgres', 'acme.password'))).mode & 0o777).toBe(0o600);
    // The server leads its own process group, so that Ctrl-C in our terminal does not reach it.
    expect(() => process.kill(-first.pid, 0)).not.toThrow();

    await query(first.url, 'CREATE TABLE note (id int PRIMARY KEY, body text)');
    await query(first.url, "INSERT INTO note VALUES (1, 'kept')");
    await expect(query(first.url, 'SELECT $1::bigint', ['secret'])).rejects.toThrow('secret');
    await expect(query(first.url, 'INSERT INTO note VALUES (1, $1)', ['secret'])).rejects.toThrow(
      'note_pkey',
    );
    for (const url of [first.url, overTcp(first.url)])
      await expect(query(url.replace(/:[^:@]+@/, ':guess@'), 'SELECT 1')).rejects.toThrow('password');

    let exited = false;
    void first.exited.then(() => (exited = true));
    const stopped = first.stop();
    expect(first.stop()).toBe(stopped);
    await stopped;
    expect(isRunning(first.pid)).toBe(false);
    expect(await readdir(dataDir)).toEqual(['postgres']);
    expect(lines.join('\n')).toContain('database system is shut down');
    expect(lines.join('\n')).not.toMatch(/secret|kept|INSERT/);

    const second = await start(dataDir);
    expect(await query(second.url, 'SELECT body FROM note')).toEqual([{ body: 'kept' }]);
    expect(await query(second.url, 'SHOW fsync')).toEqual([{ fsync: 'on' }]);
    expect(exited).toBe(false); // only an exit without `stop` resolves `exited`
  });

  it('starts after its first start was killed, while another server runs', async () => {
    const dataDir = join(home, 'half');
    await mkdir(join(dataDir, 'postgres.unfinished-1', 'postgres', 'base'), { recursive: true });
    const [one, two] = await Promise.all([start(dataDir), start(join(home, 'neighbour'))]);
    expect(await query(one.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(await query(two.url, 'SELECT 2 AS two')).toEqual([{ two: 2 }]);
    expect((await readdir(dataDir)).sort()).toEqual(['acme.pid', 'postgres']);
  });

  it('stops the server that a killed owner left running, and keeps committed data', async () => {
    const dataDir = join(home, 'killed');
    const owner = await startOwner(dataDir);
    await query(owner.url, 'CREATE TABLE note AS SELECT 42 AS answer');
    await kill(owner.child);
    expect(isRunning(owner.pid)).toBe(true);
    expect(await query(owner.url, 'SELECT answer FROM note')).toEqual([{ answer: 42 }]);

    const next = await start(dataDir);
    expect(isRunning(owner.pid)).toBe(false);
    expect(await query(next.url, 'SELECT answer FROM note')).toEqual([{ answer: 42 }]);
  });

  it('starts when another process has the process id of the killed server', async () => {
    const dataDir = join(home, 'both-killed');
    const owner = await startOwner(dataDir);
    await query(owner.url, 'CREATE TABLE note AS SELECT 42 AS answer');
    process.kill(owner.pid, 'SIGKILL');
    await kill(owner.child);
    // The other process needs the same user, because PostgreSQL ignores processes of other users.
    const account = await serverAccount(join(dataDir, 'postgres'), 'acme');
    const otherProcess = spawn('sleep', ['60'], {
      stdio: 'ignore',
      ...(account && { uid: account.uid, gid: account.gid }),
    });
    children.push(otherProcess);
    await once(otherProcess, 'spawn');
    const pidFile = join(dataDir, 'postgres', 'postmaster.pid');
    await writeFile(pidFile, (await readFile(pidFile, 'utf8')).replace(/^\d+/, String(otherProcess.pid)));

    const next = await start(dataDir);
    expect(await query(next.url, 'SELECT answer FROM note')).toEqual([{ answer: 42 }]);
    expect(isRunning(otherProcess.pid!)).toBe(true);
  });

  it('resolves `exited` when the server was killed, and starts it again with the same URL', async () => {
    const dataDir = join(home, 'ended');
    const first = await start(dataDir);
    await query(first.url, 'CREATE TABLE note AS SELECT 42 AS answer');
    process.kill(first.pid, 'SIGKILL');
    await first.exited;
    await first.stop();

    const second = await start(dataDir, { port: first.port });
    expect(second.url).toBe(first.url);
    expect(await query(second.url, 'SELECT answer FROM note')).toEqual([{ answer: 42 }]);
  });

  it('is reached by a Unix socket that other users cannot reach, and by TCP', async () => {
    const dataDir = join(home, `a, "quoted" füll %41+&?#`);
    const { url, port, socket } = await start(dataDir);
    expect(socket).toBe(true);
    expect(await query(url, IS_LOCAL)).toEqual([{ local: true }]);
    expect(await query(overTcp(url), IS_LOCAL)).toEqual([{ local: false }]);
    const file = await stat(join(dataDir, 'postgres', `.s.PGSQL.${port}`));
    expect([file.isSocket(), file.mode & 0o777]).toEqual([true, 0o600]);
    expect((await stat(join(dataDir, 'postgres'))).mode & 0o777).toBe(0o700);
  });

  it('is reached by TCP if the path of its socket would be too long', async () => {
    const dataDir = join(home, 'x'.repeat(120));
    const { url, port, socket } = await start(dataDir);
    expect(socket).toBe(false);
    expect(new URL(url).searchParams.has('host')).toBe(false);
    expect(await query(url, IS_LOCAL)).toEqual([{ local: false }]);
    expect((await findRunningServer({ dataDir, name: 'acme' }))?.url).toBe(url);

    await running.pop()!.stop();
    await expect(start(dataDir, { port, socket: true })).rejects.toThrow('Unix-domain socket');
  });

  it('has no socket if none is wanted', async () => {
    const dataDir = join(home, 'tcp');
    const { url } = await start(dataDir, { socket: false });
    expect(await query(url, IS_LOCAL)).toEqual([{ local: false }]);
    expect((await readdir(join(dataDir, 'postgres'))).filter((name) => name.startsWith('.s'))).toEqual([]);
  });

  it('starts beside the socket of a killed server whose process id another process has', async () => {
    const dataDir = join(home, 'stale-socket');
    const first = await start(dataDir);
    process.kill(first.pid, 'SIGKILL');
    await first.exited;
    const account = await serverAccount(join(dataDir, 'postgres'), 'acme');
    const otherProcess = spawn('sleep', ['60'], {
      stdio: 'ignore',
      ...(account && { uid: account.uid, gid: account.gid }),
    });
    children.push(otherProcess);
    await once(otherProcess, 'spawn');
    const lockFile = join(dataDir, 'postgres', `.s.PGSQL.${first.port}.lock`);
    await writeFile(lockFile, (await readFile(lockFile, 'utf8')).replace(/^\d+/, String(otherProcess.pid)));

    const second = await start(dataDir, { port: first.port, socket: true });
    expect(await query(second.url, IS_LOCAL)).toEqual([{ local: true }]);
    expect(isRunning(otherProcess.pid!)).toBe(true);
  });

  it('removes the sockets of killed servers', async () => {
    const dataDir = join(home, 'sockets');
    const first = await start(dataDir);
    process.kill(first.pid, 'SIGKILL');
    await first.exited;
    const { port } = await start(dataDir);
    expect((await readdir(join(dataDir, 'postgres'))).filter((name) => name.startsWith('.s')).sort()).toEqual(
      [`.s.PGSQL.${port}`, `.s.PGSQL.${port}.lock`],
    );
  });

  it('rejects a port that is in use', async () => {
    const otherServer = createServer().listen(0, '127.0.0.1');
    await once(otherServer, 'listening');
    const { port } = otherServer.address() as AddressInfo;
    try {
      await expect(start(join(home, 'port'), { port })).rejects.toThrow(`Port ${port} of 127.0.0.1`);
      await start(join(home, 'port')); // the failed start has released the lock
    } finally {
      otherServer.close();
    }
  });

  it('rejects a folder whose owner is running, and does not stop its server', async () => {
    const dataDir = join(home, 'owned');
    const owner = await startOwner(dataDir);
    await expect(start(dataDir)).rejects.toThrow(`in use by another acme (process ${owner.child.pid})`);
    expect(await query(owner.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('rejects a folder without a cluster, and creates none, if create is false', async () => {
    const dataDir = join(home, 'nothing');
    await expect(start(dataDir, { create: false })).rejects.toThrow(`There is no database in ${dataDir}`);
    await expect(readdir(dataDir)).rejects.toThrow('ENOENT');
    await (await start(dataDir)).stop();
    const again = await start(dataDir, { create: false });
    expect(await query(again.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('lets another process find the server while its owner is alive, and not afterwards', async () => {
    const dataDir = join(home, 'shared');
    const find = () => findRunningServer({ dataDir, name: 'acme' });
    expect(await find()).toBeUndefined();
    const owner = await startOwner(dataDir);
    expect(await find()).toEqual({ url: owner.url, ownerPid: owner.child.pid });
    await kill(owner.child);
    expect(isRunning(owner.pid)).toBe(true);
    expect(await find()).toBeUndefined(); // the next start stops this server
  });

  it('says that the server of an owner is not running while the owner starts or stops it', async () => {
    const dataDir = join(home, 'starting');
    const { url } = await start(dataDir);
    const pidFile = join(dataDir, 'postgres', 'postmaster.pid');
    const content = await readFile(pidFile, 'utf8');
    await writeFile(pidFile, content.replace(/^ready/m, 'starting'));
    const find = findRunningServer({ dataDir, name: 'acme' });
    await expect(find).rejects.toThrow(`is in use by acme (process ${process.pid})`);
    await writeFile(pidFile, content);
    expect((await findRunningServer({ dataDir, name: 'acme' }))?.url).toBe(url);
  });

  it('rejects data of another major version and explains how to migrate it', async () => {
    const dataDir = join(home, 'old');
    await mkdir(join(dataDir, 'postgres'), { recursive: true });
    await writeFile(join(dataDir, 'postgres', 'PG_VERSION'), '17\n');
    // A cluster that belongs to root is rejected with another error.
    if (process.geteuid?.() === 0) await chown(join(dataDir, 'postgres', 'PG_VERSION'), 65534, 65534);
    await expect(start(dataDir)).rejects.toThrow(
      /old\/postgres was created by PostgreSQL 17, and this is PostgreSQL 18: dump it .* or use a PostgreSQL server/,
    );
    expect(await readdir(dataDir)).toEqual(['postgres']);
  });

  it('rejects a folder that contains other files', async () => {
    const dataDir = join(home, 'foreign');
    await mkdir(join(dataDir, 'postgres'), { recursive: true });
    await writeFile(join(dataDir, 'postgres', 'thesis.txt'), 'precious');
    await expect(start(dataDir)).rejects.toThrow('is not a PostgreSQL cluster, and it is not empty');
    expect(await readFile(join(dataDir, 'postgres', 'thesis.txt'), 'utf8')).toBe('precious');
  });

  it('rejects a data folder that is a file', async () => {
    await writeFile(join(home, 'file'), '');
    const attempt = start(join(home, 'file'));
    await expect(attempt).rejects.toThrow(EmbeddedPostgresError);
    await expect(attempt).rejects.toThrow('file is not a folder');
  });

  asRoot("names the folder that the server's user cannot enter", async () => {
    await mkdir(join(home, 'closed', 'inner', 'data'), { recursive: true });
    await chmod(join(home, 'closed'), 0o700);
    await expect(start(join(home, 'closed', 'inner', 'data'))).rejects.toThrow(
      /its user ".+" cannot enter .+\/closed: use a data folder/,
    );
  });

  asOrdinaryUser('names the folder that the user cannot write to', async () => {
    await mkdir(join(home, 'closed'), { mode: 0o500 });
    await expect(start(join(home, 'closed', 'data'))).rejects.toThrow(
      /may not use .+\/closed\/data: use a data folder/,
    );
  });
});

/** Compiles the package to plain JavaScript, for a process outside Jest. */
async function compileOwner(target: string): Promise<void> {
  await mkdir(target);
  for (const name of await readdir(SOURCES)) {
    if (!name.endsWith('.ts') || name.endsWith('.spec.ts')) continue;
    const { code } = await transformFile(join(SOURCES, name));
    await writeFile(join(target, name.replace(/ts$/, 'js')), code);
  }
  await writeFile(join(target, 'package.json'), '{"type":"module"}');
  await writeFile(join(target, 'owner.mjs'), OWNER);
  await symlink(NODE_MODULES, join(target, 'node_modules'));
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/** The URL without the Unix socket. */
function overTcp(url: string): string {
  const tcp = new URL(url);
  tcp.searchParams.delete('host');
  return tcp.href;
}

async function query(connectionString: string, sql: string, values: unknown[] = []): Promise<unknown[]> {
  const client = new pg.Client({ connectionString });
  client.on('error', () => undefined); // the server is killed on purpose
  try {
    await client.connect();
    return (await client.query(sql, values)).rows;
  } finally {
    await client.end();
  }
}
