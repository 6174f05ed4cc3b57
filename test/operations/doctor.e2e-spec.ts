import { once } from 'node:events';
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { BuiltService } from '../support/built-service.js';
import { fastpaca } from '../support/command.js';
import { freePort } from '../support/free-port.js';
import { MIGRATION_NAMES } from '../support/migration-names.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

/** Runs the command; returns its exit code and the line of each check. */
async function doctor(
  env: Record<string, string>,
): Promise<{ code: number | null; checks: Record<string, string> }> {
  const { code, stdout, stderr } = await fastpaca(['doctor'], { PORT: '0', ...env });
  expect(stderr).toBe('');
  const lines = stdout.trimEnd().split('\n');
  for (const line of lines) expect(line).toMatch(/^(ok {6}|failed {2})[\w. ]+: ./);
  const checks = lines.map((line): [string, string] => {
    const [, outcome = '', name = '', text = ''] = /^(ok|failed) +([\w. ]+): (.*)$/.exec(line) ?? [];
    return [name, `${outcome} ${text}`];
  });
  return { code, checks: Object.fromEntries(checks) };
}

describe('fastpaca doctor with DATABASE_URL', () => {
  let database: TestDatabase;
  beforeEach(async () => (database = await createTestDatabase()));
  afterEach(() => database.drop());
  const env = (changes: Partial<URL> = {}) => ({
    DATABASE_URL: Object.assign(new URL(database.url), changes).href,
  });

  it('prints one ok line for each check and exits with 0 if a start would succeed', async () => {
    expect(await doctor(env())).toEqual({
      code: 0,
      checks: {
        'Node.js': `ok ${process.versions.node}`,
        configuration: 'ok valid',
        address: 'ok any free port of 127.0.0.1',
        database: expect.stringMatching(/^ok test_\w+ at 127\.0\.0\.1:\d+ accepts connections$/),
        PostgreSQL: expect.stringMatching(/^ok version 1[4-9]/),
        privileges: 'ok fastpaca may read and write the tables',
        migrations: 'ok the schema is up to date',
        writes: 'ok the database accepts them',
      },
    });
  });

  it('names the migrations that a start applies, and fails if it must not apply them', async () => {
    await database.query('DROP SCHEMA fastpaca CASCADE');
    expect(await doctor(env())).toMatchObject({
      code: 0,
      checks: {
        privileges: 'ok fastpaca may create the schema',
        migrations: `ok the next start applies ${MIGRATION_NAMES.join(', ')}`,
      },
    });
    expect(await doctor({ ...env(), MIGRATE_ON_BOOT: 'false' })).toMatchObject({
      code: 1,
      checks: {
        migrations: `failed ${MIGRATION_NAMES.join(', ')} must be applied: run "fastpaca migrate"`,
      },
    });
    expect(await database.query("SELECT FROM pg_namespace WHERE nspname = 'fastpaca'")).toEqual([]);
  });

  it('fails if a newer version has migrated the schema', async () => {
    await database.query("INSERT INTO fastpaca.migrations (timestamp, name) VALUES (9999999999999, 'Later')");
    expect(await doctor(env())).toMatchObject({
      code: 1,
      checks: { migrations: expect.stringMatching(/^failed .*newer version of Fastpaca \(Later\)/) },
    });
  });

  it.each([
    ['port', '1', /^failed no PostgreSQL answers .*ECONNREFUSED.*: start it, or correct host and port/],
    ['password', 'sesame-4711', /^failed PostgreSQL rejects the login .*: correct user and password/],
    ['pathname', '/none', /^failed the database does not exist .*: create it, or correct DATABASE_URL/],
  ])('says what to do about a wrong %s, and leaves out what depends on it', async (part, value, message) => {
    const { code, checks } = await doctor(env({ [part]: value }));
    expect(code).toBe(1);
    expect(checks.database).toMatch(message);
    expect(JSON.stringify(checks)).not.toContain('sesame');
    expect(Object.keys(checks)).toEqual(['Node.js', 'configuration', 'address', 'database']);
  });

  it('fails if the database is read-only', async () => {
    const name = new URL(database.url).pathname.slice(1);
    await database.query(`ALTER DATABASE ${name} SET default_transaction_read_only = on`);
    expect(await doctor(env())).toMatchObject({
      code: 1,
      checks: { database: expect.stringMatching(/^failed .*accepts no writes/) },
    });
  });

  it('names the privilege that the role lacks, until it has all of them', async () => {
    const role = new URL(database.url).pathname.slice(1);
    await database.query(`CREATE ROLE ${role} LOGIN PASSWORD 'x'`);
    const grants: string[] = [];
    try {
      for (;;) {
        const { code, checks } = await doctor(env({ username: role, password: 'x' }));
        const [, grant] = /as the owner, run (GRANT .*)$/.exec(checks.privileges ?? '') ?? [];
        if (grant === undefined) {
          expect({ code, privileges: checks.privileges }).toEqual({
            code: 0,
            privileges: `ok ${role} may read and write the tables`,
          });
          break;
        }
        expect(code).toBe(1);
        grants.push(grant);
        await database.query(grant);
      }
      expect(grants).toEqual([
        `GRANT USAGE ON SCHEMA fastpaca TO ${role}`,
        `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA fastpaca TO ${role}`,
      ]);
    } finally {
      await database.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    }
  });

  it('fails if another program uses the port, and not if a running Fastpaca does', async () => {
    const stranger = createServer((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'));
    stranger.listen(0, '127.0.0.1');
    await once(stranger, 'listening');
    const { port } = stranger.address() as AddressInfo;
    const taken = await doctor({ ...env(), PORT: String(port) });
    stranger.close();
    expect(taken.code).toBe(1);
    expect(taken.checks.address).toMatch(
      /^failed 127\.0\.0\.1:\d+ is in use by another program: stop that program/,
    );

    const own = String(await freePort());
    const service = await BuiltService.start({ ...env(), PORT: own });
    try {
      expect(await doctor({ ...env(), PORT: own })).toMatchObject({
        code: 0,
        checks: { address: `ok 127.0.0.1:${own} is in use by a running Fastpaca` },
      });
    } finally {
      await service.stop();
    }
  });

  it('fails with the names of all bad variables, and checks nothing else', async () => {
    const { code, checks } = await doctor({ PORT: 'x', FASTPACA_POOL_SIZE: '1', FASTPACA_API_KEYS: 'k' });
    expect(code).toBe(1);
    expect(checks.configuration).toMatch(
      /^failed Invalid configuration: FASTPACA_API_KEYS is not .*; PORT must be .*; FASTPACA_POOL_SIZE must be/,
    );
    expect(Object.keys(checks)).toEqual(['Node.js', 'configuration']);
  });
});

describe('fastpaca doctor with an embedded database', () => {
  let home: string;
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'fastpaca-doctor-'));
    await chmod(home, 0o755); // as root, the database's own user must be able to pass
  });
  afterAll(() => rm(home, { recursive: true, force: true }));

  it('tries a database beside a folder that does not exist, and leaves nothing behind', async () => {
    const dataDir = join(home, 'none', 'data');
    expect(await doctor({ DATA_DIR: dataDir })).toMatchObject({
      code: 0,
      checks: {
        'data folder': `ok ${dataDir} has no database yet, and the service can create one`,
        migrations: `ok the next start applies ${MIGRATION_NAMES.join(', ')}`,
        writes: 'ok the database accepts them',
      },
    });
    expect(await readdir(home)).toEqual([]);
  });

  it('uses the database of a running service, and starts it otherwise', async () => {
    const dataDir = join(home, 'data');
    const service = await BuiltService.start({ DATA_DIR: dataDir });
    try {
      expect(await doctor({ DATA_DIR: dataDir })).toMatchObject({
        code: 0,
        checks: {
          'data folder': `ok ${dataDir} is in use by a running Fastpaca (process ${service.pid}), and the checks use its database`,
          database: expect.stringMatching(
            /^ok fastpaca at \/\S+\/data\/postgres\/\.s\.PGSQL\.\d+ accepts connections$/,
          ),
          migrations: 'ok the schema is up to date',
        },
      });
      expect((await service.http.put('c')).status).toBe(201);
    } finally {
      await service.stop();
    }
    expect(await doctor({ DATA_DIR: dataDir })).toMatchObject({
      code: 0,
      checks: {
        'data folder': `ok the database in ${dataDir} starts`,
        migrations: 'ok the schema is up to date',
      },
    });
  });

  it('says that a file is in the way of the data folder', async () => {
    const { code, checks } = await doctor({ DATA_DIR: join(process.execPath, 'data') });
    expect(code).toBe(1);
    expect(checks['data folder']).toMatch(
      /^failed .*node\/data\/postgres lies below a file, .*: correct the path$/,
    );
  });
});
