import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Manifest, PackedPackage } from './packed-package.js';

const ROOT = join(import.meta.dirname, '../..');
const INSTALLED = join(ROOT, 'node_modules');

const execute = promisify(execFile);

/** How a program ended. */
interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/**
 * A project of a team outside the checkout, whose `node_modules` has the packed packages and what they declare, nothing else.
 * Other packages are links into the checkout, so that no network is needed: Node.js and TypeScript follow links, and there is
 * one copy of each package.
 */
export class TeamProject {
  private constructor(readonly folder: string) {}

  /** @param source folder of the project in this repository; it is copied without what is installed or built */
  static async create(source: string): Promise<TeamProject> {
    const folder = await mkdtemp(join(tmpdir(), 'fastpaca-team-'));
    await chmod(folder, 0o755); // the user of the embedded PostgreSQL must be able to enter it
    const isSource = (path: string) => !/\/(node_modules|dist)$/.test(path);
    await cp(join(ROOT, source), folder, { recursive: true, filter: isSource });
    const project = new TeamProject(folder);
    const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Manifest;
    await project.linkAll({ ...manifest.dependencies, ...manifest.devDependencies });
    return project;
  }

  /** Installs a package with its dependencies and its required peers, as npm does. Packages of this repository are installed apart. */
  async install(packed: PackedPackage): Promise<void> {
    const { bin = {}, dependencies, peerDependencies = {}, peerDependenciesMeta = {} } = packed.manifest;
    const target = await packed.copyInto(join(this.folder, 'node_modules'));
    for (const [command, path] of Object.entries(bin)) {
      await chmod(join(target, path), 0o755);
      await this.symlink(join(target, path), `.bin/${command}`);
    }
    const required = Object.entries(peerDependencies).filter(
      ([peer]) => !peerDependenciesMeta[peer]?.optional,
    );
    await this.linkAll({ ...dependencies, ...Object.fromEntries(required) });
  }

  /** Runs a program of `node_modules/.bin`, or a script of the project with Node.js. The environment has only `env`. */
  async run(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
    const options = { cwd: this.folder, env: { PATH: process.env.PATH, ...env } };
    try {
      return { code: 0, ...(await execute(process.execPath, args, options)) };
    } catch (error) {
      return error as Ended;
    }
  }

  /** Compiles the project with plain `tsc`. @returns the errors of the compiler */
  async compile(): Promise<string> {
    return (await this.run(['node_modules/typescript/bin/tsc'])).stdout;
  }

  /** The absolute path of a file of the project. */
  path(file: string): string {
    return join(this.folder, file);
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Links the packages from the checkout, except the ones of this repository. */
  private async linkAll(dependencies: Record<string, string>): Promise<void> {
    const names = Object.keys(dependencies).filter((name) => !name.startsWith('@fastpaca/'));
    for (const name of names) await this.symlink(join(INSTALLED, name), name);
  }

  private async symlink(target: string, name: string): Promise<void> {
    const path = join(this.folder, 'node_modules', name);
    await mkdir(dirname(path), { recursive: true });
    await rm(path, { force: true });
    await symlink(target, path);
  }
}
