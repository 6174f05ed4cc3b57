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
import { serverAccount } from './server-account.js';

const SOURCES = fileURLToPath(new URL('.', import.meta.url));
const NODE_MODULES = fileURLToPath(new URL('../../../node_modules', import.meta.url));
const asRoot = process.geteuid?.() === 0 ? it : it.skip;
const asOrdinaryUser = process.geteuid?.() === 0 ? it.skip : it;

/** A service in miniature, to be killed: starts, reports `pid url` and stays. */
const OWNER = `
  import { EmbeddedPostgres } from './embedded-postgres.js';
  const database = await EmbeddedPostgres.start({ dataDir: process.argv[2] });
  console.log(database.pid, database.url);
  setInterval(() => {}, 1000);
`;

describe('EmbeddedPostgres', () => {
  let home: string;
  const running: EmbeddedPostgres[] = [];
  const children: ChildProcess[] = [];
  const serverPids = new Set<number>();

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'fastpaca-embedded-'));
    await chmod(home, 0o755); // root's server runs as another user
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

  async function start(dataDir: string, options: Omit<EmbeddedPostgresOptions, 'dataDir'> = {}) {
    const database = await EmbeddedPostgres.start({ dataDir, ...options });
    running.push(database);
    serverPids.add(database.pid);
    return database;
  }

  /** A process of its own that owns a database. */
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

  it('makes a cluster, finds its data again, and tells nothing of it in its log', async () => {
    const dataDir = join(home, 'fresh', 'data');
    const lines: string[] = [];
    const first = await start(dataDir, { onLog: (line) => lines.push(line) });
    expect(new URL(first.url)).toMatchObject({ hostname: '127.0.0.1', pathname: '/fastpaca' });
    expect((await stat(join(dataDir, 'postgres', 'fastpaca.password'))).mode & 0o777).toBe(0o600);
    // Leads a process group: Ctrl-C at our terminal does not reach it.
    expect(() => process.kill(-first.pid, 0)).not.toThrow();

    await query(first.url, 'CREATE TABLE note (id int PRIMARY KEY, body text)');
    await query(first.url, "INSERT INTO note VALUES (1, 'kept')");
    await expect(query(first.url, 'SELECT $1::bigint', ['whispered'])).rejects.toThrow('whispered');
    await expect(query(first.url, 'INSERT INTO note VALUES (1, $1)', ['whispered'])).rejects.toThrow(
      'note_pkey',
    );
    await expect(query(first.url.replace(/:[^:@]+@/, ':guess@'), 'SELECT 1')).rejects.toThrow('password');

    let exited = false;
    void first.exited.then(() => (exited = true));
    const stopped = first.stop();
    expect(first.stop()).toBe(stopped);
    await stopped;
    expect(isRunning(first.pid)).toBe(false);
    expect(await readdir(dataDir)).toEqual(['postgres']);
    expect(lines.join('\n')).toContain('database system is shut down');
    expect(lines.join('\n')).not.toMatch(/whispered|kept|INSERT/);

    const second = await start(dataDir);
    expect(await query(second.url, 'SELECT body FROM note')).toEqual([{ body: 'kept' }]);
    expect(await query(second.url, 'SHOW fsync')).toEqual([{ fsync: 'on' }]);
    expect(exited).toBe(false); // that was a stop
  });

  it('starts over when a first start was killed half-way, beside another service', async () => {
    const dataDir = join(home, 'half');
    await mkdir(join(dataDir, 'postgres.unfinished-1', 'postgres', 'base'), { recursive: true });
    const [one, two] = await Promise.all([start(dataDir), start(join(home, 'neighbour'))]);
    expect(await query(one.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(await query(two.url, 'SELECT 2 AS two')).toEqual([{ two: 2 }]);
    expect((await readdir(dataDir)).sort()).toEqual(['fastpaca.pid', 'postgres']);
  });

  it('stops the server of a killed owner, and has all that was committed', async () => {
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

  it('starts after owner and server were killed at once, and their number went to another process', async () => {
    const dataDir = join(home, 'both-killed');
    const owner = await startOwner(dataDir);
    await query(owner.url, 'CREATE TABLE note AS SELECT 42 AS answer');
    process.kill(owner.pid, 'SIGKILL');
    await kill(owner.child);
    // PostgreSQL minds processes of its own user only.
    const account = await serverAccount(join(dataDir, 'postgres'));
    const stranger = spawn('sleep', ['60'], {
      stdio: 'ignore',
      ...(account && { uid: account.uid, gid: account.gid }),
    });
    children.push(stranger);
    await once(stranger, 'spawn');
    const pidFile = join(dataDir, 'postgres', 'postmaster.pid');
    await writeFile(pidFile, (await readFile(pidFile, 'utf8')).replace(/^\d+/, String(stranger.pid)));

    const next = await start(dataDir);
    expect(await query(next.url, 'SELECT answer FROM note')).toEqual([{ answer: 42 }]);
    expect(isRunning(stranger.pid!)).toBe(true);
  });

  it('tells when its server has ended, and starts it again for the same clients', async () => {
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

  it('says that the port it is to listen on is taken', async () => {
    const stranger = createServer().listen(0, '127.0.0.1');
    await once(stranger, 'listening');
    const { port } = stranger.address() as AddressInfo;
    try {
      await expect(start(join(home, 'port'), { port })).rejects.toThrow(`Port ${port} of 127.0.0.1`);
      await start(join(home, 'port')); // the folder is free again
    } finally {
      stranger.close();
    }
  });

  it('refuses a folder whose owner lives, and leaves its database alone', async () => {
    const dataDir = join(home, 'owned');
    const owner = await startOwner(dataDir);
    await expect(start(dataDir)).rejects.toThrow(`in use by another Fastpaca (process ${owner.child.pid})`);
    expect(await query(owner.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('refuses data of another major version and says how to move it', async () => {
    const dataDir = join(home, 'old');
    await mkdir(join(dataDir, 'postgres'), { recursive: true });
    await writeFile(join(dataDir, 'postgres', 'PG_VERSION'), '17\n');
    if (process.geteuid?.() === 0) await chown(join(dataDir, 'postgres', 'PG_VERSION'), 65534, 65534); // not root's
    await expect(start(dataDir)).rejects.toThrow(
      /old\/postgres was made by PostgreSQL 17, and this one is 18: dump it .* or set DATABASE_URL/,
    );
    expect(await readdir(dataDir)).toEqual(['postgres']);
  });

  it('refuses to make a cluster over foreign files', async () => {
    const dataDir = join(home, 'foreign');
    await mkdir(join(dataDir, 'postgres'), { recursive: true });
    await writeFile(join(dataDir, 'postgres', 'thesis.txt'), 'precious');
    await expect(start(dataDir)).rejects.toThrow('is no PostgreSQL cluster, yet it is not empty');
    expect(await readFile(join(dataDir, 'postgres', 'thesis.txt'), 'utf8')).toBe('precious');
  });

  it('says that a file is in the way', async () => {
    await writeFile(join(home, 'file'), '');
    const failure = start(join(home, 'file'));
    await expect(failure).rejects.toThrow(EmbeddedPostgresError);
    await expect(failure).rejects.toThrow('file is in the way');
  });

  asRoot('names the folder that the server user of root cannot pass', async () => {
    await mkdir(join(home, 'closed', 'inner', 'data'), { recursive: true });
    await chmod(join(home, 'closed'), 0o700);
    await expect(start(join(home, 'closed', 'inner', 'data'))).rejects.toThrow(
      /its user ".+" cannot pass .+\/closed: set DATA_DIR/,
    );
  });

  asOrdinaryUser('names the folder that its user cannot write to', async () => {
    await mkdir(join(home, 'closed'), { mode: 0o500 });
    await expect(start(join(home, 'closed', 'data'))).rejects.toThrow(
      /may not use .+\/closed\/data: set DATA_DIR/,
    );
  });
});

/** The module as plain JavaScript, for a node that jest does not look after. */
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
