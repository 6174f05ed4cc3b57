import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { PackedPackage } from '../../../../test/support/packed-package.js';

const INSTALLED = join(import.meta.dirname, '../../../../node_modules');
const TSC = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');

const execute = promisify(execFile);
/** Without the NODE_OPTIONS of Jest. */
const env = { ...process.env, NODE_OPTIONS: '' };

/** The package `fastpaca`, and the one that it depends on. */
export interface PackedSdk {
  sdk: PackedPackage;
  messages: PackedPackage;
}

export async function packSdk(): Promise<PackedSdk> {
  return {
    sdk: await PackedPackage.create('packages/sdk'),
    messages: await PackedPackage.create('packages/messages'),
  };
}

/**
 * Creates a project that has the packed SDK and its dependency installed, and no source files. `sdk.remove()` removes the project too.
 *
 * @param libraries other installed packages: the name of each, and its folder in the repository's `node_modules`
 */
export async function createProject(
  { sdk, messages }: PackedSdk,
  libraries: Record<string, string> = {},
): Promise<Project> {
  const project = await createEmptyProject(sdk.folder);
  const { root } = project;
  for (const packed of [sdk, messages]) await packed.copyInto(join(root, 'node_modules'));
  for (const [name, folder] of Object.entries(libraries)) {
    const link = join(root, 'node_modules', name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(join(INSTALLED, folder), link);
  }
  return project;
}

/** Creates a project without packages in a new folder in `parent`. */
export async function createEmptyProject(parent: string): Promise<Project> {
  const root = await mkdtemp(join(parent, 'project-'));
  await writeFile(join(root, 'package.json'), '{ "name": "project", "private": true }');
  return new Project(root);
}

export class Project {
  constructor(readonly root: string) {}

  /** Runs a script. @param file `.mjs` or `.cjs` @returns its standard output */
  async run(file: string, source: string): Promise<string> {
    await writeFile(join(this.root, file), source);
    return (await execute(process.execPath, [file], { cwd: this.root, env })).stdout.trim();
  }

  /**
   * Compiles in strict mode with Node's module resolution.
   *
   * @param files `.mts` or `.cts`
   * @returns the errors of the compiler; empty if it accepts the project
   */
  async compile(files: Record<string, string>, options: Record<string, unknown> = {}): Promise<string> {
    for (const [file, source] of Object.entries(files)) await writeFile(join(this.root, file), source);
    const compilerOptions = {
      strict: true,
      noEmit: true,
      target: 'ES2022',
      module: 'node16',
      moduleResolution: 'node16',
      types: [],
      ...options,
    };
    const config = JSON.stringify({ compilerOptions, files: Object.keys(files) });
    await writeFile(join(this.root, 'tsconfig.json'), config);
    try {
      await execute(process.execPath, [TSC, '-p', 'tsconfig.json'], { cwd: this.root, env });
      return '';
    } catch (error) {
      const { stdout, stderr } = error as { stdout: string; stderr: string };
      return stdout + stderr;
    }
  }
}
