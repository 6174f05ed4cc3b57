import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { BuiltService } from '../support/built-service.js';
import { fastpaca } from '../support/command.js';
import { EmbeddedServer } from '../support/embedded-server.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/free-port.js';
import { MIGRATIONS } from '../../src/database/migrations/index.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { TestService } from '../support/test-service.js';

/** The advisory lock under which a node migrates. */
const MIGRATION_LOCK = 0x66706361;
const THIS_DATABASE_OID = '(SELECT oid FROM pg_database WHERE datname = current_database())';

/** Starts a service that must fail to start. @returns the one line with the reason */
async function startFailure(env: Record<string, string>): Promise<string> {
  const service = BuiltService.launch(env);
  expect(await service.exited).toEqual({ code: 1, signal: null });
  const failures = service.records().filter(({ level }) => ['error', 'fatal'].includes(level as string));
  expect(failures).toEqual([
    expect.objectContaining({ level: 'fatal', msg: expect.stringMatching(/^cannot start: /) }),
  ]);
  expect(service.errors).toBe('');
  const { msg } = failures[0]!;
  expect(msg).not.toContain('\n');
  return msg as string;
}

describe('an invalid configuration', () => {
  it('stops the start with exit code 1 and one line that lists every invalid variable and quotes no value', async () => {
    const secret = 'sesame-4711';
    const message = await startFailure({
      PORT: secret,
      DATABASE_URL: `mysql://u:${secret}@h/d`,
      FASTPACA_API_KEY: `${secret}, `,
      FASTPACA_POOL_SIZE: '1',
      FASTPACA_TOKEN_ESTIMATOR: secret,
      MIGRATE_ON_BOOT: 'no',
    });
    for (const name of [
      'PORT',
      'DATABASE_URL',
      'FASTPACA_API_KEY',
      'FASTPACA_POOL_SIZE',
      'FASTPACA_TOKEN_ESTIMATOR',
      'MIGRATE_ON_BOOT',
    ])
      expect(message).toContain(`${name} must be`);
    expect(message).not.toContain(secret);
  });

  it('stops the start with exit code 1 and one line that suggests the nearest name for an unknown variable', async () => {
    const secret = 'sesame-4711';
    const message = await startFailure({ FASTPACA_API_KEYS: secret });
    expect(message).toMatch(/FASTPACA_API_KEYS is not a known variable \(did you mean FASTPACA_API_KEY\?\)/);
    expect(message).not.toContain(secret);
  });

  it('makes npm run migrate fail before it connects to the database', async () => {
    const env = { FASTPACA_API_KEYS: 'sesame-4711', DATABASE_URL: 'postgresql://127.0.0.1:1/none' };
    expect(await fastpaca(['migrate'], env)).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(
        /^fastpaca: .*FASTPACA_API_KEYS is not a known variable(?!.*sesame).*\n$/,
      ),
    });
  });

  it('is logged even if LOG_LEVEL is invalid', async () => {
    expect(await startFailure({ LOG_LEVEL: 'loud', PORT: 'x' })).toMatch(
      /PORT must be .*LOG_LEVEL must be one of trace,/,
    );
  });
});

describe('LOG_LEVEL', () => {
  it('suppresses the lines below that level', async () => {
    const database = await createTestDatabase();
    const levelsAt = async (LOG_LEVEL: string) => {
      const port = await freePort();
      const service = BuiltService.launch({ DATABASE_URL: database.url, LOG_LEVEL, PORT: String(port) });
      const live = `http://127.0.0.1:${port}/health/live`;
      await eventually('the service responds', () =>
        fetch(live).then(
          ({ ok }) => ok,
          () => false,
        ),
      );
      await service.stop();
      return new Set(service.records().map(({ level }) => level as string));
    };
    try {
      expect(await levelsAt('info')).toEqual(new Set(['info']));
      expect(await levelsAt('warn')).toEqual(new Set());
      expect(await levelsAt('silent')).toEqual(new Set());
    } finally {
      await database.drop();
    }
  });
});

describe('a start on a database', () => {
  let database: TestDatabase;
  const env = (more: Record<string, string> = {}) => ({ DATABASE_URL: database.url, ...more });
  afterEach(() => database.drop());

  it('fails if a newer version has migrated the database, and leaves it unchanged', async () => {
    database = await createTestDatabase();
    await database.query(
      "INSERT INTO fastpaca.migrations (timestamp, name) VALUES (9999999999999, 'FromTheFuture9999999999999')",
    );
    const messages = await Promise.all(
      ['true', 'false'].map((MIGRATE_ON_BOOT) => startFailure(env({ MIGRATE_ON_BOOT }))),
    );
    for (const message of messages) expect(message).toMatch(/newer version.*FromTheFuture9999999999999/);
    expect(await database.query('SELECT FROM fastpaca.migrations')).toHaveLength(MIGRATIONS.length + 1);
  });

  it('fails if the database is empty and MIGRATE_ON_BOOT=false, recommends npm run migrate, and leaves the database empty', async () => {
    database = await createTestDatabase({ migrated: false });
    expect(await startFailure(env({ MIGRATE_ON_BOOT: 'false' }))).toMatch(/InitialSchema.*fastpaca migrate/);
    expect(await database.query("SELECT FROM pg_namespace WHERE nspname = 'fastpaca'")).toEqual([]);
  });

  it('fails with a wrong password, and does not quote it', async () => {
    database = await createTestDatabase();
    const url = new URL(database.url);
    url.password = 'sesame-4711';
    expect(await startFailure({ DATABASE_URL: url.href })).not.toContain('sesame');
  });

  it('fails if the port is in use', async () => {
    database = await createTestDatabase();
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    expect(await startFailure(env({ PORT: String(port) }))).toContain(String(port));
    server.close();
  });

  it('fails before the migration if it cannot listen, and leaves the database empty', async () => {
    database = await createTestDatabase({ migrated: false });
    expect(await startFailure(env({ HOST: '203.0.113.7' }))).toMatch(/no address 203\.0\.113\.7: set HOST/);
    expect(await database.query("SELECT FROM pg_namespace WHERE nspname = 'fastpaca'")).toEqual([]);
  });

  it('fails with the same message if another program takes the port during the start', async () => {
    database = await createTestDatabase();
    const holder = new pg.Client({ connectionString: database.url });
    await holder.connect();
    await holder.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    const port = await freePort();
    const failure = startFailure(env({ PORT: String(port) }));
    const waiting =
      "SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = " + THIS_DATABASE_OID;
    while ((await database.query(waiting)).length === 0) await delay(20);
    const server = createServer().listen(port, '127.0.0.1');
    await once(server, 'listening');
    await holder.end();
    expect(await failure).toContain(`127.0.0.1:${port} is in use by another program`);
    server.close();
  });

  it('succeeds with MIGRATE_ON_BOOT=false if the database is migrated', async () => {
    database = await createTestDatabase();
    const service = await BuiltService.start(env({ MIGRATE_ON_BOOT: 'false' }));
    expect((await service.http.put('one')).status).toBe(201);
    expect(await service.stop()).toEqual({ code: 0, signal: null });
  });

  it('succeeds on several nodes at once, and migrates an empty database once', async () => {
    database = await createTestDatabase({ migrated: false });
    const nodes = await Promise.all([1, 2, 3, 4].map(() => TestService.start({ database })));
    await nodes[0]!.http.put('shared');
    for (const node of nodes) expect((await node.http.get('shared')).status).toBe(200);
    await Promise.all(nodes.map((node) => node.stop()));
    const names = await database.query('SELECT name FROM fastpaca.migrations');
    expect(new Set(names.map(({ name }) => name)).size).toBe(names.length);
    const again = await TestService.start({ database });
    expect((await again.http.get('shared')).status).toBe(200);
    await again.stop();
  });
});

describe('the log of a start', () => {
  let database: TestDatabase;
  const services: BuiltService[] = [];
  beforeEach(async () => (database = await createTestDatabase()));
  afterEach(async () => {
    await Promise.all(services.splice(0).map((service) => service.stop()));
    await database.drop();
  });
  const warnings = async (env: Record<string, string>) => {
    const service = await BuiltService.start({ DATABASE_URL: database.url, ...env });
    services.push(service);
    return service
      .records()
      .filter(({ level }) => level === 'warn')
      .map(({ msg }) => msg as string);
  };

  it('contains a warning only if there is no API key and the host is not loopback', async () => {
    const [open, guarded, ...local] = await Promise.all([
      warnings({ HOST: '0.0.0.0' }),
      warnings({ HOST: '0.0.0.0', FASTPACA_API_KEY: 'k' }),
      warnings({ HOST: '127.0.0.1' }),
      warnings({ HOST: 'localhost' }),
    ]);
    expect(open).toEqual([
      expect.stringMatching(
        /NO API KEY.*0\.0\.0\.0.*FASTPACA_API_KEY.*FASTPACA_ALLOWED_ORIGINS.*FASTPACA_ALLOWED_HOSTS/,
      ),
    ]);
    expect([guarded, ...local]).toEqual([[], [], []]);
  });
});

describe('a service that is too busy to accept connections', () => {
  it('queues up to FASTPACA_BACKLOG connections, within the limit of the system', async () => {
    const most = Number(await readFile('/proc/sys/net/core/somaxconn', 'utf8'));
    const database = await createTestDatabase();
    const service = await BuiltService.start({ DATABASE_URL: database.url });
    const port = Number(new URL(service.url).port);
    const sockets: Socket[] = [];
    service.kill('SIGSTOP');
    try {
      // Linux accepts one connection more than the backlog. Any further connection would wait forever.
      const connected = Array.from({ length: Math.min(1000, most) }, async () => {
        const socket = connect(port, '127.0.0.1');
        sockets.push(socket);
        await once(socket, 'connect');
      });
      await Promise.all(connected);
    } finally {
      for (const socket of sockets) socket.on('error', () => undefined).destroy();
      service.kill('SIGCONT');
      await service.stop();
      await database.drop();
    }
  });
});

describe('a start on a data folder', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fastpaca-config-'));
    await chmod(folder, 0o755); // if the tests run as root, PostgreSQL runs as another user and must be able to enter the folder
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('fails if the path is a file', async () => {
    await writeFile(join(folder, 'data'), 'x');
    const message = await startFailure({ DATA_DIR: join(folder, 'data') });
    expect(message).toContain(join(folder, 'data'));
    expect(message).toContain('DATA_DIR');
  });

  it('fails if the folder contains files that are not a PostgreSQL cluster', async () => {
    await mkdir(join(folder, 'postgres'));
    await writeFile(join(folder, 'postgres', 'holiday.jpg'), 'x');
    expect(await startFailure({ DATA_DIR: folder })).toMatch(/not a PostgreSQL cluster.*DATA_DIR/);
  });

  it('fails while another service uses the folder, and does not disturb that service', async () => {
    const first = await BuiltService.start({ DATA_DIR: folder });
    try {
      expect(await startFailure({ DATA_DIR: folder })).toMatch(/in use by another fastpaca/);
      expect((await first.http.put('one')).status).toBe(201);
    } finally {
      await first.stop();
    }
  });

  it('stops the database it has started if a later step fails', async () => {
    expect(await startFailure({ DATA_DIR: folder, MIGRATE_ON_BOOT: 'false' })).toMatch(/fastpaca migrate/);
    expect(await readdir(folder)).toContain('postgres');
    expect(new EmbeddedServer(folder).isRunning()).toBe(false);
  });

  it('creates no database if the port of the service is in use', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    expect(await startFailure({ DATA_DIR: join(folder, 'data'), PORT: String(port) })).toBe(
      `cannot start: 127.0.0.1:${port} is in use by another program: stop that program, or set PORT to another port (0: any free one)`,
    );
    server.close();
    expect(await readdir(folder)).toEqual([]);
  });
});
