import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { appendFile, cp, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

const SCRIPTS = join(import.meta.dirname, '../../scripts');
const LOCK = '.preparing';
const PACKAGES = {
  'node_modules/library': {},
  'node_modules/compiler': { dev: true },
  'node_modules/of-another-platform': { optional: true },
};

/**
 * Replaces npm in the checkout. Logs its arguments and creates the files that npm would create. The environment variable
 * `FAKE_NPM` is `<command>:<event>`: that event happens in that command, after the first file.
 */
const FAKE_NPM = `
  import { appendFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
  import { dirname } from 'node:path';
  const args = process.argv.slice(2);
  const command = args[0] === 'ci' ? 'ci' : args.includes('packages/sdk') ? 'sdk' : args.includes('packages/local-postgres') ? 'local-postgres' : args.includes('packages/messages') ? 'messages' : 'build';
  appendFileSync('calls.log', JSON.stringify(args) + '\\n');
  const [target, event] = (process.env.FAKE_NPM ?? '').split(':');
  const make = (file) => { mkdirSync(dirname(file), { recursive: true }); writeFileSync(file, ''); };
  const files = {
    ci: ['node_modules/library/package.json', 'node_modules/compiler/package.json', 'node_modules/.bin/node'],
    'local-postgres': ['packages/local-postgres/dist/index.js', 'packages/local-postgres/dist/index.d.ts'],
    messages: ['packages/messages/dist/esm/index.js', 'packages/messages/dist/esm/index.d.ts', 'packages/messages/dist/cjs/index.js'],
    build: ['dist/src/main.js', 'dist/src/cli/fastpaca.js'],
    sdk: ['packages/sdk/dist/esm/index.js', 'packages/sdk/dist/esm/index.d.ts', 'packages/sdk/dist/cjs/index.js'],
  }[command];
  if (command === 'ci') rmSync('node_modules', { recursive: true, force: true });
  else if (!existsSync('node_modules/compiler')) process.exit(1);
  make(files[0]);
  if (target === command) {
    if (event === 'fail') { console.error('npm error network'); process.exit(1); }
    if (event === 'stop-short') process.exit(0);
    if (event === 'kill') { process.kill(process.ppid, 'SIGKILL'); process.exit(1); }
    if (event === 'hang') await new Promise((resolve) => setInterval(() => existsSync('go-on') && resolve(), 20));
  }
  files.forEach(make);
  process.exit(0);
`;

interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
  stderr: string;
}

describe('scripts/prepare.mjs', () => {
  let checkout: string;
  const at = (...path: string[]) => join(checkout, ...path);
  const running: ChildProcess[] = [];

  beforeEach(async () => {
    checkout = await mkdtemp(join(tmpdir(), 'fastpaca-prepare-'));
    await cp(SCRIPTS, at('scripts'), { recursive: true });
    const files = ['src/main.ts', 'ormconfig.ts', 'tsconfig.json', 'tsconfig.build.json', 'nest-cli.json'];
    for (const file of [
      ...files,
      'packages/sdk/src/index.ts',
      'packages/sdk/package.json',
      'packages/sdk/tsconfig.build.json',
      'packages/messages/src/index.ts',
      'packages/messages/package.json',
      'packages/messages/tsconfig.build.json',
      'packages/local-postgres/src/index.ts',
      'packages/local-postgres/package.json',
      'packages/local-postgres/tsconfig.build.json',
    ]) {
      await mkdir(dirname(at(file)), { recursive: true });
      await writeFile(at(file), 'x');
    }
    await writeFile(
      at('package-lock.json'),
      JSON.stringify({ packages: { '': {}, 'packages/sdk': {}, ...PACKAGES } }),
    );
    await writeFile(at('npm.mjs'), FAKE_NPM);
  });
  afterEach(async () => {
    for (const child of running.splice(0)) child.kill('SIGKILL');
    await rm(checkout, { recursive: true, force: true });
  });

  function launch(env: Record<string, string> = {}, ...args: string[]) {
    const child = spawn(process.execPath, [at('scripts/prepare.mjs'), ...args], {
      env: { PATH: process.env.PATH, npm_execpath: at('npm.mjs'), ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    running.push(child);
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const ended = new Promise<Exit>((resolve) =>
      child.once('close', (code, signal) => resolve({ code, signal, stderr })),
    );
    return { child, ended, stderr: () => stderr };
  }

  const prepare = (env?: Record<string, string>, ...args: string[]) => launch(env, ...args).ended;

  /** The npm commands since the previous call: `ci`, `local-postgres`, `messages`, `build` or `sdk`. */
  async function calls(): Promise<string[]> {
    const log = await readFile(at('calls.log'), 'utf8').catch(() => '');
    await rm(at('calls.log'), { force: true });
    const lines = log.split('\n').filter(Boolean);
    return lines.map((line) => {
      const args = JSON.parse(line) as string[];
      return args[0] === 'ci'
        ? 'ci'
        : args.includes('packages/sdk')
          ? 'sdk'
          : args.includes('packages/local-postgres')
            ? 'local-postgres'
            : args.includes('packages/messages')
              ? 'messages'
              : 'build';
    });
  }

  async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
    while (!(await condition())) await delay(20);
  }

  it('installs and builds only what is missing', async () => {
    expect(await prepare()).toMatchObject({ code: 0 });
    expect(await calls()).toEqual(['ci', 'local-postgres', 'messages', 'build']);
    expect(await prepare({}, 'sdk')).toMatchObject({ code: 0 });
    expect(await calls()).toEqual(['sdk']);
    expect(await prepare({}, 'sdk')).toEqual({ code: 0, signal: null, stderr: '' });
    expect(await calls()).toEqual([]);
    expect((await readdir(checkout)).filter((name) => name.startsWith(LOCK))).toEqual([]);
  });

  it('installs dev and optional dependencies, even if NODE_ENV or npm settings exclude them', async () => {
    await prepare({ NODE_ENV: 'production', npm_config_omit: 'dev', npm_config_production: 'true' });
    const [install = ''] = (await readFile(at('calls.log'), 'utf8')).split('\n');
    expect(JSON.parse(install)).toEqual(
      expect.arrayContaining(['ci', '--include=dev', '--include=optional', '--ignore-scripts=false']),
    );
  });

  const STEPS = ['ci', 'local-postgres', 'messages', 'build', 'sdk'];
  describe.each(STEPS)('after npm %s', (step) => {
    const rest = STEPS.slice(STEPS.indexOf(step));
    it.each([
      ['that step has failed', 'fail', { code: 1, stderr: expect.stringContaining('failed (exit code 1)') }],
      [
        'that step has created only some files',
        'stop-short',
        { code: 1, stderr: expect.stringContaining(' is missing') },
      ],
      ['prepare.mjs was killed during that step', 'kill', { signal: 'SIGKILL' }],
    ])('repeats that step and runs the remaining steps if %s', async (_, event, end) => {
      expect(await prepare({ FAKE_NPM: `${step}:${event}` }, 'sdk')).toMatchObject(end);
      await calls();
      expect(await prepare({}, 'sdk')).toMatchObject({ code: 0 });
      expect(await calls()).toEqual(rest);
    });
  });

  it.each([
    ['the stamp of the install was emptied', () => writeFile(at('node_modules/.installed'), ''), ['ci']],
    ['the stamp of the build was truncated', async () => truncate(at('dist/.built')), ['build']],
    [
      'the stamp of the install names another platform',
      () => otherPlatform(at('node_modules/.installed')),
      ['ci'],
    ],
    ['node_modules was deleted', () => rm(at('node_modules'), { recursive: true }), ['ci']],
    ['a dependency was deleted', () => rm(at('node_modules/compiler'), { recursive: true }), ['ci']],
    ['the runtime was deleted', () => rm(at('node_modules/.bin/node')), ['ci']],
    ['half of the build was deleted', () => rm(at('dist/src/main.js')), ['build']],
    [
      'half of the client package was deleted',
      () => rm(at('packages/sdk/dist/cjs'), { recursive: true }),
      ['sdk'],
    ],
    ['a source file has changed', () => appendFile(at('src/main.ts'), 'y'), ['build']],
    [
      'package-lock.json has changed',
      () => appendFile(at('package-lock.json'), '\n'),
      ['ci', 'local-postgres', 'messages', 'build', 'sdk'],
    ],
  ])('runs only the necessary steps if %s', async (_, change, needed) => {
    await prepare({}, 'sdk');
    await calls();
    await change();
    expect(await prepare({}, 'sdk')).toMatchObject({ code: 0 });
    expect(await calls()).toEqual(needed);
  });

  it('fails and recommends to install npm if there is no npm', async () => {
    const env = { PATH: '/nowhere', npm_execpath: '' };
    expect(await prepare(env)).toMatchObject({ code: 1, stderr: expect.stringContaining('install npm') });
  });

  it.each([
    ['pnpm', 'start', 'npm start'],
    ['yarn', 'pretest', 'npm test'],
    ['bun', 'migrate', 'npm run migrate'],
  ])('fails and names the command to use instead of %s %s', async (manager, script, command) => {
    const env = { npm_config_user_agent: `${manager}/1.2.3 npm/? node/v24`, npm_lifecycle_event: script };
    expect(await prepare(env)).toEqual({
      code: 1,
      signal: null,
      stderr: `Fastpaca needs npm, and this is ${manager}: run "${command}" instead.\n`,
    });
    expect(await calls()).toEqual([]);
  });

  it('never runs under Yarn and pnpm, which first report that Fastpaca needs npm', async () => {
    const [, yarnPath = ''] = /^yarnPath: (.+)$/m.exec(await readFile('.yarnrc.yml', 'utf8')) ?? [];
    const yarn = spawn(process.execPath, [yarnPath, 'install'], { stdio: ['ignore', 'ignore', 'pipe'] });
    let stderr = '';
    yarn.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    expect(await once(yarn, 'close')).toEqual([1, null]);
    expect(stderr).toMatch(/^Fastpaca .* this is Yarn: run "npm start" instead\.\n$/);
    const { devEngines } = JSON.parse(await readFile('package.json', 'utf8'));
    expect(devEngines.packageManager).toEqual({ name: 'npm', onFail: 'error' });
  });

  it('fails in a checkout that cannot be written, unless there is nothing to do', async () => {
    await prepare();
    await calls();
    // A folder with the name of the lock file makes opening the lock fail, even for root.
    await mkdir(at(LOCK));
    expect(await prepare()).toMatchObject({ code: 0, stderr: '' });
    await rm(at('dist'), { recursive: true });
    expect(await prepare()).toMatchObject({ code: 1, stderr: expect.stringContaining('cannot be written') });
    expect(await calls()).toEqual([]);
  });

  it('waits for a run in progress, and then has nothing to do', async () => {
    const first = launch({ FAKE_NPM: 'ci:hang' });
    await until(() => existsSync(at('node_modules/library')));
    const second = launch();
    await until(() => second.stderr().includes(`(${first.child.pid!}) is preparing this checkout`));
    await writeFile(at('go-on'), '');
    expect(await first.ended).toMatchObject({ code: 0 });
    expect(await second.ended).toMatchObject({ code: 0 });
    expect(await calls()).toEqual(['ci', 'local-postgres', 'messages', 'build']);
  });

  it('waits for the npm process of a killed run, and then repeats the install', async () => {
    const first = launch({ FAKE_NPM: 'ci:hang' });
    await until(async () => (await readFile(at(LOCK), 'utf8').catch(() => '')).includes('child'));
    await until(() => existsSync(at('node_modules/library')));
    first.child.kill('SIGKILL');
    await once(first.child, 'exit');
    const second = launch();
    await until(() => second.stderr().includes('is preparing this checkout'));
    await writeFile(at('go-on'), '');
    expect(await second.ended).toMatchObject({ code: 0 });
    expect(await calls()).toEqual(['ci', 'ci', 'local-postgres', 'messages', 'build']);
  });

  it('stops npm and removes the lock on SIGTERM', async () => {
    const first = launch({ FAKE_NPM: 'ci:hang' });
    await until(() => existsSync(at('node_modules/library')));
    first.child.kill('SIGTERM');
    expect(await first.ended).toMatchObject({ code: 143 });
    expect(existsSync(at(LOCK))).toBe(false);
    expect(await prepare()).toMatchObject({ code: 0 });
    expect(await calls()).toEqual(['ci', 'ci', 'local-postgres', 'messages', 'build']);
  });

  it.each([
    ['of a process that has ended', { host: hostname(), pid: 2 ** 22 + 1 }],
    ['of an earlier process with the same process id', { host: hostname(), pid: process.pid }, 0],
  ])('removes a lock %s', async (_, owner, mtime = undefined as number | undefined) => {
    await writeFile(at(LOCK), JSON.stringify(owner));
    if (mtime !== undefined) await utimes(at(LOCK), mtime, mtime);
    expect(await prepare()).toMatchObject({ code: 0 });
    expect(await calls()).toEqual(['ci', 'local-postgres', 'messages', 'build']);
  });
});

async function truncate(file: string): Promise<void> {
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.slice(0, text.length / 2));
}

async function otherPlatform(file: string): Promise<void> {
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace(process.platform, 'sunos'));
}
