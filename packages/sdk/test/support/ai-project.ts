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

/** A folder of a user: the built SDK, one major of the AI SDK as `ai`, a stand-in for the provider, and files of theirs. */
export class AiProject {
  private constructor(readonly folder: string) {}

  static async make(files: Record<string, string>): Promise<AiProject> {
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
    await cp(join(ROOT, 'packages/sdk/dist'), join(sdk, 'dist'), { recursive: true }); // which `npm test` has built
    return project;
  }

  /** Makes an installed package of the repository one of the project, under this name. */
  async use(name: string, installed: string): Promise<void> {
    const path = join(this.folder, 'node_modules', name);
    await rm(path, { recursive: true, force: true });
    await mkdir(dirname(path), { recursive: true });
    await symlink(join(ROOT, 'node_modules', installed), path);
  }

  /** Makes up a package; what has been in its place, a link to an installed one perhaps, is replaced and not written into. */
  async makeUp(name: string, files: Record<string, string>): Promise<void> {
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

  /** Compiles it. @returns what the compiler complains about */
  async tsc(): Promise<string> {
    try {
      return await this.run([TSC, '-p', this.folder]);
    } catch (error) {
      return (error as { stdout: string }).stdout;
    }
  }

  /** @returns what it writes */
  async run(args: string[], env: Record<string, string> = {}): Promise<string> {
    const options = { cwd: this.folder, env: { ...process.env, NODE_OPTIONS: '', ...env } };
    return (await run(process.execPath, args, options)).stdout;
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}
