import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const SDK = join(import.meta.dirname, '../..');
const INSTALLED = join(SDK, '../../node_modules');
const TSC = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');

const execute = promisify(execFile);
/** Without the NODE_OPTIONS of Jest. */
const env = { ...process.env, NODE_OPTIONS: '' };

/** The package that `npm pack` creates from the built sources. Creates empty projects that have it installed. */
export class PackedPackage {
  private constructor(
    private readonly folder: string,
    /** Names of the files in the package. */
    readonly files: string[],
  ) {}

  static async create(): Promise<PackedPackage> {
    const folder = await mkdtemp(join(tmpdir(), 'fastpaca-package-'));
    const source = join(folder, 'source');
    await mkdir(source);
    for (const file of ['package.json', 'README.md']) await cp(join(SDK, file), join(source, file));
    // Built by `npm test`. Copied, so that `npm pack` does not change the folder that other tests use.
    await cp(join(SDK, 'dist'), join(source, 'dist'), { recursive: true });
    await execute('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: source, env });
    const tarball = (await readdir(folder)).find((file) => file.endsWith('.tgz'))!;
    await execute('tar', ['-xzf', tarball], { cwd: folder });
    const files = await readdir(join(folder, 'package'), { recursive: true });
    return new PackedPackage(folder, files.sort());
  }

  /**
   * Creates a project that has the package installed.
   *
   * @param libraries other installed packages: the name of each, and its folder in the repository's `node_modules`
   */
  async project(libraries: Record<string, string> = {}): Promise<Project> {
    const root = await mkdtemp(join(this.folder, 'project-'));
    await cp(join(this.folder, 'package'), join(root, 'node_modules/fastpaca'), { recursive: true });
    for (const [name, folder] of Object.entries(libraries)) {
      const link = join(root, 'node_modules', name);
      await mkdir(dirname(link), { recursive: true });
      await symlink(join(INSTALLED, folder), link);
    }
    await writeFile(join(root, 'package.json'), '{ "name": "project", "private": true }');
    return new Project(root);
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

export class Project {
  constructor(private readonly root: string) {}

  /** Runs a script. @param file `.mjs` or `.cjs` @returns its standard output */
  async run(file: string, source: string): Promise<string> {
    await writeFile(join(this.root, file), source);
    return (await execute(process.execPath, [file], { cwd: this.root, env })).stdout.trim();
  }

  /**
   * Compiles in strict mode with Node's module resolution.
   *
   * @param files `.mts` or `.cts`
   * @returns the errors of the compiler; empty if there are none
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
