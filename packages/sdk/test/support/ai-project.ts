import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));
const TSC = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');

/** A user's project: the built SDK, one version of the AI SDK as `ai`, a fake provider, and the user's files. */
export class AiProject {
  private constructor(readonly folder: string) {}

  static async create(files: Record<string, string>): Promise<AiProject> {
    const project = new AiProject(await mkdtemp(join(tmpdir(), 'fastpaca-project-')));
    await project.write({
      'package.json': JSON.stringify({ type: 'module' }),
      'tsconfig.json': JSON.stringify({
        compilerOptions: {
          strict: true,
          target: 'ES2022',
          lib: ['ES2023', 'DOM', 'DOM.Iterable'],
          module: 'NodeNext',
          types: [],
          skipLibCheck: true,
          rootDir: '.',
          outDir: 'out',
        },
        include: ['app'],
      }),
      ...files,
    });
    const sdk = join(project.folder, 'node_modules/fastpaca');
    await mkdir(sdk, { recursive: true });
    await cp(join(ROOT, 'packages/sdk/package.json'), join(sdk, 'package.json'));
    await cp(join(ROOT, 'packages/sdk/dist'), join(sdk, 'dist'), { recursive: true }); // built by `npm test`
    await project.linkPackage('@fastpaca/messages', '@fastpaca/messages');
    return project;
  }

  /** Links a package from the repository's `node_modules` into the project under the given name. */
  async linkPackage(name: string, installed: string): Promise<void> {
    const path = join(this.folder, 'node_modules', name);
    await rm(path, { recursive: true, force: true });
    await mkdir(dirname(path), { recursive: true });
    await symlink(join(ROOT, 'node_modules', installed), path);
  }

  /**
   * Writes a fake package. Removes an existing package first: it may be a link to a package of the repository, which must
   * not be overwritten.
   */
  async writePackage(name: string, files: Record<string, string>): Promise<void> {
    const path = join('node_modules', name);
    await rm(join(this.folder, path), { recursive: true, force: true });
    await this.write(
      Object.fromEntries(Object.entries(files).map(([file, content]) => [join(path, file), content])),
    );
  }

  private async write(files: Record<string, string>): Promise<void> {
    for (const [name, content] of Object.entries(files)) {
      const path = join(this.folder, name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, content);
    }
  }

  /** Compiles the project. @returns the errors of the compiler */
  async compile(): Promise<string> {
    try {
      return await this.run([TSC, '-p', this.folder]);
    } catch (error) {
      return (error as { stdout: string }).stdout;
    }
  }

  /** Runs Node.js in the project. @returns its standard output */
  async run(args: string[], env: Record<string, string> = {}): Promise<string> {
    const options = { cwd: this.folder, env: { ...process.env, NODE_OPTIONS: '', ...env } };
    return (await run(process.execPath, args, options)).stdout;
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}
