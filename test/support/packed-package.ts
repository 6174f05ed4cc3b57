import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '../..');

const execute = promisify(execFile);

/** The part of a package.json that says what to install. */
export interface Manifest {
  name: string;
  version: string;
  exports?: Record<string, unknown>;
  bin?: Record<string, string>;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  peerDependenciesMeta?: Record<string, { optional?: boolean }>;
}

/** A tarball of `npm pack`, unpacked. */
export class PackedPackage {
  private constructor(
    readonly folder: string,
    readonly manifest: Manifest,
    /** Paths of the files in the package, sorted. */
    readonly files: readonly string[],
  ) {}

  /**
   * Packs what `npm test` has built.
   *
   * @param source folder of the package in this repository
   */
  static async create(source: string): Promise<PackedPackage> {
    const folder = await mkdtemp(join(tmpdir(), 'fastpaca-packed-'));
    const arguments_ = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
    await execute('npm', arguments_, { cwd: join(ROOT, source), env: { ...process.env, NODE_OPTIONS: '' } });
    const [tarball] = (await readdir(folder)).filter((name) => name.endsWith('.tgz'));
    await execute('tar', ['-xzf', tarball!], { cwd: folder });
    const entries = await readdir(join(folder, 'package'), { recursive: true, withFileTypes: true });
    const files = entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(join(folder, 'package/').length));
    const manifest = JSON.parse(await readFile(join(folder, 'package/package.json'), 'utf8')) as Manifest;
    return new PackedPackage(folder, manifest, files.sort());
  }

  /** @param modules a folder `node_modules` @returns the folder of the package in it */
  async copyInto(modules: string): Promise<string> {
    const target = join(modules, this.manifest.name);
    await cp(join(this.folder, 'package'), target, { recursive: true });
    return target;
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}
