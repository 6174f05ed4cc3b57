// Prepares a checkout: installs missing dependencies and builds what is stale. Takes no time if nothing is to do. With the
// argument `sdk` it builds the client package too. Runs on Node.js 18 or later, before any dependency is installed. It may be
// killed at any time: the next run continues.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lockCheckout } from './checkout-lock.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const LOCK = join(root, '.preparing');
const { npm_execpath: npm, npm_config_user_agent: agent = 'npm', npm_lifecycle_event: script } = process.env;

const INSTALL = {
  missingWhat: 'the dependencies are not installed',
  message: 'Installing dependencies (once) …',
  // The build needs development and optional packages and the install scripts that package.json lists. These options override
  // NODE_ENV and the settings of npm. Node.js is a dependency, so npm itself may run on an older version.
  npm: [
    ...['ci', '--include=dev', '--include=optional', '--include=peer', '--ignore-scripts=false'],
    ...['--engine-strict=false', '--no-audit', '--no-fund', '--loglevel=error'],
  ],
  stamp: 'node_modules/.installed',
  // Without the version of Node.js: the native packages do not depend on it, and it may differ in the next run.
  state: () => `${hashOf('package-lock.json')} ${process.platform} ${process.arch} ${libc()}`,
  missing: () => absent([...requiredPackages(), 'node_modules/.bin/node']),
};

const BUILD_LOCAL_POSTGRES = {
  missingWhat: 'the embedded database is not built',
  message: 'Building the embedded database …',
  npm: ['run', 'build', '--silent', '--workspace', 'packages/local-postgres'],
  stamp: 'packages/local-postgres/dist/.built',
  state: () =>
    stateOf([
      'packages/local-postgres/src',
      'packages/local-postgres/package.json',
      'packages/local-postgres/tsconfig.build.json',
      'tsconfig.json',
      'package-lock.json',
    ]),
  missing: () => absent(['packages/local-postgres/dist/index.js', 'packages/local-postgres/dist/index.d.ts']),
};

const BUILD_MESSAGES = buildOfPackage('packages/messages', 'the package of message dialects');

const BUILD = {
  missingWhat: 'the service is not built',
  message: 'Building …',
  npm: ['run', 'build', '--silent'],
  stamp: 'dist/.built',
  state: () =>
    stateOf([
      'src',
      'ormconfig.ts',
      'tsconfig.json',
      'tsconfig.build.json',
      'nest-cli.json',
      'package-lock.json',
    ]),
  missing: () => absent(['dist/src/main.js', 'dist/src/cli/fastpaca.js']),
};

const BUILD_SDK = buildOfPackage('packages/sdk', 'the client package');

const manager = agent.split('/')[0];
if (manager !== 'npm') {
  const name = (script ?? 'start').replace(/^pre/, '');
  const command = ['start', 'test'].includes(name) ? `npm ${name}` : `npm run ${name}`;
  end(`Fastpaca needs npm, and this is ${manager}: run "${command}" instead.`);
}

// The service and the client package import packages/messages.
const service = [INSTALL, BUILD_LOCAL_POSTGRES, BUILD_MESSAGES, BUILD];
const steps = process.argv.includes('sdk') ? [...service, BUILD_SDK] : service;
const [toDo] = steps.filter((step) => !isDone(step));
if (toDo) {
  const watchChild = await lockCheckout(LOCK, (pid) =>
    console.error(
      `Another process${pid ? ` (${pid})` : ''} is preparing this checkout; waiting until it has finished. ` +
        `If no such process runs, delete ${LOCK}.`,
    ),
  ).catch((error) =>
    end(
      `This checkout is not ready, because ${toDo.missingWhat}, and ${root} cannot be written (${error.code}): ` +
        'run "npm start" once as a user who can write it.',
    ),
  );
  // Checked again: another process may have done a step.
  for (const step of steps) if (!isDone(step)) await make(step, watchChild);
}

/** The step that builds a package with scripts/build-package.mjs. */
function buildOfPackage(folder, name) {
  return {
    missingWhat: `${name} is not built`,
    message: `Building ${name} …`,
    npm: ['run', 'build', '--silent', '--workspace', folder],
    stamp: `${folder}/dist/.built`,
    state: () =>
      stateOf([
        `${folder}/src`,
        `${folder}/package.json`,
        `${folder}/tsconfig.build.json`,
        'scripts/build-package.mjs',
        'tsconfig.json',
        'package-lock.json',
      ]),
    missing: () =>
      absent(['esm/index.js', 'esm/index.d.ts', 'cjs/index.js'].map((file) => `${folder}/dist/${file}`)),
  };
}

function isDone({ stamp, state, missing }) {
  const file = join(root, stamp);
  return existsSync(file) && readFileSync(file, 'utf8') === state() && missing().length === 0;
}

/** The stamp is removed first and written last, in one step: it never stands for an incomplete result. */
async function make({ message, npm: args, stamp, state, missing }, watchChild) {
  const [file, command] = [join(root, stamp), `"npm ${args.slice(0, 2).join(' ')}"`];
  rmSync(file, { force: true });
  const inputs = state();
  console.error(message);
  const { code, signal, error } = await run(args, watchChild);
  if (error) end(`npm could not be started (${error.code}): install npm, which is part of Node.js.`);
  if (code !== 0) end(`${command} failed (${signal ?? `exit code ${code}`}); see its output above.`);

  const [first, ...others] = missing();
  if (first) {
    end(
      `${command} ended without an error, but ${first} is missing${others.length ? `, as are ${others.length} more` : ''}: ` +
        'check for a setting of npm that changes what it installs ("npm config list").',
    );
  }
  writeFileSync(`${file}.new`, inputs);
  renameSync(`${file}.new`, file);
}

function run(args, watchChild) {
  const [command, ...rest] = npm ? [process.execPath, npm, ...args] : ['npm', ...args];
  // stdout belongs to the service's log.
  const child = spawn(command, rest, { cwd: root, stdio: ['ignore', 2, 2] });
  if (child.pid) watchChild(child.pid);
  // Exit after the child: the lock must last until the child has ended.
  const stop = (signal) => {
    child.once('close', () => process.exit(128 + constants.signals[signal]));
    child.kill(signal);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, stop);
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ error }));
    child.once('close', (code, signal) => resolve({ code, signal }));
  }).finally(() => signals.forEach((signal) => process.off(signal, stop)));
}

function end(message) {
  console.error(message);
  process.exit(1);
}

function absent(paths) {
  return paths.filter((path) => !existsSync(join(root, path)));
}

/** Folders of the packages that every platform needs. */
function requiredPackages() {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  return Object.entries(packages)
    .filter(([, { optional, devOptional }]) => !optional && !devOptional)
    .map(([folder]) => folder);
}

function libc() {
  if (process.platform !== 'linux') return '';
  return process.report.getReport().header.glibcVersionRuntime ? 'glibc' : 'other';
}

function hashOf(file) {
  return createHash('sha256')
    .update(readFileSync(join(root, file)))
    .digest('hex');
}

/** Path, size and time of every file that a build reads. */
function stateOf(paths) {
  const filesOf = (path) =>
    statSync(join(root, path)).isDirectory()
      ? readdirSync(join(root, path)).flatMap((name) => filesOf(`${path}/${name}`))
      : [path];
  return paths
    .flatMap(filesOf)
    .sort()
    .map((path) => [path, statSync(join(root, path)).size, statSync(join(root, path)).mtimeMs].join(' '))
    .join('\n');
}
