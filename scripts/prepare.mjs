// Makes a checkout ready to run: installs what is missing and builds what is stale, and is quick when there is nothing
// to do. With the argument `sdk` the client package is built as well. Runs on any Node.js from 18 on, before any
// dependency is there. It may be killed at any time: the next run does what is not known to be done.
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
  what: 'the dependencies are not installed',
  says: 'Installing dependencies (once) …',
  // The build needs development and optional packages, and the install scripts that package.json lists, whatever
  // NODE_ENV and npm's settings say. Node.js comes as a dependency, so npm's own may be an older one.
  npm: [
    ...['ci', '--include=dev', '--include=optional', '--include=peer', '--ignore-scripts=false'],
    ...['--engine-strict=false', '--no-audit', '--no-fund', '--loglevel=error'],
  ],
  stamp: 'node_modules/.installed',
  // Not the version of Node.js that runs this: the native packages do not depend on it, and it may be another next time.
  state: () => `${hashOf('package-lock.json')} ${process.platform} ${process.arch} ${libc()}`,
  missing: () => absent([...requiredPackages(), 'node_modules/.bin/node']),
};

const BUILD_LOCAL_POSTGRES = {
  what: 'the embedded database is not built',
  says: 'Building the embedded database …',
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

const BUILD = {
  what: 'the service is not built',
  says: 'Building …',
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
  missing: () => absent(['dist/src/main.js', 'dist/src/migrate.js']),
};

const BUILD_SDK = {
  what: 'the client package is not built',
  says: 'Building the client package …',
  npm: ['run', 'build', '--silent', '--workspace', 'packages/sdk'],
  stamp: 'packages/sdk/dist/.built',
  state: () =>
    stateOf(['packages/sdk/src', 'packages/sdk/scripts', 'packages/sdk/package.json', 'package-lock.json']),
  missing: () => absent(['packages/sdk/dist/esm/index.js', 'packages/sdk/dist/cjs/index.js']),
};

const manager = agent.split('/')[0];
if (manager !== 'npm') {
  const name = (script ?? 'start').replace(/^pre/, '');
  const command = ['start', 'test'].includes(name) ? `npm ${name}` : `npm run ${name}`;
  end(`Fastpaca is installed and run by npm, and this is ${manager}: run "${command}" instead.`);
}

const service = [INSTALL, BUILD_LOCAL_POSTGRES, BUILD];
const steps = process.argv.includes('sdk') ? [...service, BUILD_SDK] : service;
const [toDo] = steps.filter((step) => !isDone(step));
if (toDo) {
  const watchChild = await lockCheckout(LOCK, (pid) =>
    console.error(
      `Another process${pid ? ` (${pid})` : ''} prepares this checkout: waiting until it is done. ` +
        `If no such process runs, delete ${LOCK}.`,
    ),
  ).catch((error) =>
    end(
      `This checkout is not ready, since ${toDo.what}, and ${root} cannot be written (${error.code}): ` +
        'run "npm start" once where it can.',
    ),
  );
  // Looked at again: another process may have done it.
  for (const step of steps) if (!isDone(step)) await make(step, watchChild);
}

function isDone({ stamp, state, missing }) {
  const file = join(root, stamp);
  return existsSync(file) && readFileSync(file, 'utf8') === state() && missing().length === 0;
}

/** The stamp is removed first, and written last and at once, so that it never stands for half a result. */
async function make({ says, npm: args, stamp, state, missing }, watchChild) {
  const [file, command] = [join(root, stamp), `"npm ${args.slice(0, 2).join(' ')}"`];
  rmSync(file, { force: true });
  const inputs = state();
  console.error(says);
  const { code, signal, error } = await run(args, watchChild);
  if (error) end(`npm could not be started (${error.code}): install npm, which comes with Node.js.`);
  if (code !== 0) end(`${command} failed (${signal ?? `exit code ${code}`}); its output above says why.`);

  const [first, ...others] = missing();
  if (first) {
    end(
      `${command} ended without an error, but ${first} is missing${others.length ? `, as are ${others.length} more` : ''}: ` +
        'look for a setting of npm that changes what it installs ("npm config list").',
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
  // Not before the child has ended: the lock must last until then.
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

/** Folders of the packages that every machine needs: some others are for one platform only. */
function requiredPackages() {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  return Object.entries(packages)
    .filter(([, { optional, devOptional, peer }]) => !optional && !devOptional && !peer)
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
