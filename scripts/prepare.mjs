// Makes a checkout ready to run: installs what is missing and builds what is stale, and is quick when there is nothing
// to do. With the argument `sdk` the client package is built as well. Runs on any node from 20.19, before any dependency
// is there.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const npm = process.env.npm_execpath;

/** Runs `make` unless the stamp file says that it was done for these inputs already. */
function once(stampFile, inputs, make) {
  const stamp = join(root, stampFile);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === inputs) return;
  make();
  writeFileSync(stamp, inputs);
}

function run(...args) {
  const [command, ...rest] = npm ? [process.execPath, npm, ...args] : ['npm', ...args];
  // What is said goes to stderr: stdout belongs to the service's log.
  const { status, signal } = spawnSync(command, rest, { cwd: root, stdio: ['ignore', 2, 2] });
  if (status !== 0) {
    console.error(
      `"npm ${args.join(' ')}" failed (${signal ?? `exit code ${status}`}); its output above says why.`,
    );
    process.exit(1);
  }
}

function contentHash(file) {
  return createHash('sha256')
    .update(readFileSync(join(root, file)))
    .digest('hex');
}

/** Path, size and time of every file that the build reads. */
function sourceState(...paths) {
  const files = paths.flatMap((path) =>
    statSync(join(root, path)).isDirectory()
      ? readdirSync(join(root, path), { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map((entry) => join(entry.parentPath, entry.name))
      : [join(root, path)],
  );
  return files
    .sort()
    .map((file) => [file, statSync(file).size, statSync(file).mtimeMs].join(' '))
    .join('\n');
}

once('node_modules/.installed', contentHash('package-lock.json'), () => {
  console.error('Installing dependencies (once) …');
  run('ci', '--no-audit', '--no-fund', '--loglevel=error');
});

const sources = [
  'src',
  'ormconfig.ts',
  'tsconfig.json',
  'tsconfig.build.json',
  'nest-cli.json',
  'package-lock.json',
];
once('dist/.built', sourceState(...sources), () => {
  console.error('Building …');
  run('run', 'build', '--silent');
});

if (process.argv.includes('sdk')) {
  once(
    'sdk/dist/.built',
    sourceState('sdk/src', 'sdk/scripts', 'sdk/package.json', 'package-lock.json'),
    () => {
      console.error('Building the client package …');
      run('run', 'build', '--silent', '--workspace', 'sdk');
    },
  );
}
