import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { SETTINGS } from '../../src/config/settings.js';
import { BuiltService } from '../support/built-service.js';
import { FASTPACA, fastpaca } from '../support/command.js';
import { MIGRATION_NAMES } from '../support/migration-names.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const packageJson = JSON.parse(readFileSync('package.json', 'utf8')) as {
  version: string;
  bin: Record<string, string>;
};

describe('the command fastpaca', () => {
  it('is the program that package.json names, which a shell can start', () => {
    expect(FASTPACA).toMatch(new RegExp(`/${packageJson.bin.fastpaca}$`));
    expect(readFileSync(FASTPACA, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
  });

  it('prints its version', async () => {
    expect(await fastpaca(['--version'])).toEqual({
      code: 0,
      stdout: `${packageJson.version}\n`,
      stderr: '',
    });
  });

  it('has a flag for every variable, in the help of every subcommand', async () => {
    const flags = Object.values(SETTINGS).map(
      ({ variable }) =>
        `--${variable
          .replace(/^FASTPACA_/, '')
          .toLowerCase()
          .replaceAll('_', '-')} <value>`,
    );
    expect(flags).toContain('--port <value>');
    expect(flags).toContain('--api-key <value>');
    expect(new Set(flags).size).toBe(flags.length);
    for (const args of [
      ['--help'],
      ...['serve', 'migrate', 'doctor', 'backup', 'restore'].map((name) => [name, '--help']),
    ]) {
      const { code, stdout, stderr } = await fastpaca(args);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      for (const flag of flags) expect(stdout).toContain(`  ${flag}`);
    }
  });

  it('says in its help that flags are visible in the list of processes, and what its exit codes mean', async () => {
    const { stdout } = await fastpaca(['--help']);
    expect(stdout).toContain('Flags are visible to every user of this machine in the list of processes.');
    expect(stdout).toContain('Exit codes: 0 success, 1 failure, 2 bad command line.');
  });

  it.each([
    [['bakup', 'file'], "unknown command 'bakup'; see fastpaca --help"],
    [['--prot', '1'], "unknown option '--prot' (Did you mean --port?)"],
    [['backup'], "missing required argument 'file'"],
    [['migrate', '--port'], "option '--port <value>' argument missing"],
  ])('exits with 2 and one line for the command line %j', async (args, message) => {
    expect(await fastpaca(args)).toEqual({ code: 2, stdout: '', stderr: `fastpaca: ${message}\n` });
  });

  it('exits with 1 and one line for bad flags, which it names, and quotes no value', async () => {
    expect(
      await fastpaca(['serve', '--port', 'sesame', '--api-key', 'sesame 4711', '--pool-size', '1']),
    ).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(
        /^fastpaca: Invalid configuration: --port must be .*; --api-key must be .*; --pool-size must be an integer from 2 to 1000\n$/,
      ),
    });
  });

  it('exits with 1 and one line for bad variables', async () => {
    expect(await fastpaca([], { FASTPACA_API_KEYS: 'sesame' })).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(
        /^fastpaca: Invalid configuration: FASTPACA_API_KEYS is not a known variable.*\n$/,
      ),
    });
  });
});

describe('fastpaca with a database', () => {
  let database: TestDatabase;
  beforeEach(async () => (database = await createTestDatabase({ migrated: false })));
  afterEach(() => database.drop());

  it('migrate lists the migrations it applied; a second run says that no migrations are pending', async () => {
    const migrate = () => fastpaca(['migrate'], { DATABASE_URL: database.url });
    expect(await migrate()).toEqual({
      code: 0,
      stdout: `Applied ${MIGRATION_NAMES.join(', ')}\n`,
      stderr: '',
    });
    expect(await migrate()).toEqual({ code: 0, stdout: 'The schema is up to date\n', stderr: '' });
    await database.query("INSERT INTO fastpaca.migrations (timestamp, name) VALUES (9999999999999, 'Later')");
    expect(await migrate()).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(
        /^fastpaca: The database was migrated by a newer version of Fastpaca \(Later\): .*\n$/,
      ),
    });
  });

  it.each([[['serve']], [[]]])(
    '%j runs the service until SIGTERM; flags win over variables',
    async (command) => {
      const flags = ['--api-key', 'of-the-flag', '--node-name', 'eu-1'];
      const service = await BuiltService.start(
        { DATABASE_URL: database.url, FASTPACA_API_KEY: 'of-the-variable', HOST: '127.0.0.1' },
        [FASTPACA, ...command, ...flags],
      );
      const put = (key: string) =>
        service.http.request('PUT', '/v1/conversations/c', {
          body: { token_budget: 1000 },
          headers: { authorization: `Bearer ${key}` },
        });
      expect((await put('of-the-variable')).status).toBe(401);
      expect((await put('of-the-flag')).status).toBe(201);
      expect(await service.line(({ node }) => node !== undefined)).toMatchObject({ node: 'eu-1' });
      expect(await service.stop()).toEqual({ code: 0, signal: null });
      expect(service.errors).toBe('');
    },
  );

  it('serve logs why it cannot start, as npm start does', async () => {
    const service = BuiltService.launch({ DATABASE_URL: 'postgresql://u@127.0.0.1/d', HOST: '203.0.113.7' }, [
      FASTPACA,
    ]);
    expect(await service.exited).toEqual({ code: 1, signal: null });
    expect(service.records()).toEqual([
      expect.objectContaining({ level: 'fatal', msg: expect.stringMatching(/^cannot start: .*set HOST/) }),
    ]);
  });
});
