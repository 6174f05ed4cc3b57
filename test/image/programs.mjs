import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, resolve } from 'node:path';

/** The programs that the test needs, and the Debian package of each. */
const PACKAGES = {
  buildah: 'buildah',
  debootstrap: 'debootstrap',
  podman: 'podman',
  runc: 'runc',
  iptables: 'iptables',
  '/usr/lib/podman/netavark': 'netavark',
  '/usr/lib/podman/aardvark-dns': 'aardvark-dns',
  curl: 'curl',
};

/** @returns one line that says what to do, or undefined if the test can run */
export function missingRequirement() {
  if (process.geteuid() !== 0) return 'npm run test:image builds and runs containers: run it as root.';
  const missing = Object.keys(PACKAGES).filter((program) => !isInstalled(program));
  if (missing.length === 0) return undefined;
  const packages = missing.map((program) => PACKAGES[program]).join(' ');
  return `npm run test:image needs Debian packages: run "apt-get install --no-install-recommends ${packages}".`;
}

/** @param program a path, or a name to look up in PATH */
function isInstalled(program) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(resolve(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * Runs a program to its end.
 *
 * @param options `env` is added to the environment; `echo` also prints the output of the program; `cwd` as in `spawn`
 * @returns its standard output, without the last line break
 * @throws Error with the command and its output if the exit code is not 0
 */
export async function run(program, args, { env, cwd, echo = false } = {}) {
  const child = spawn(program, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) {
    child[name].setEncoding('utf8').on('data', (text) => {
      output[name] += text;
      if (echo) process.stderr.write(text);
    });
  }
  const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  if (code === 0) return output.stdout.trimEnd();
  const text = `${output.stdout}\n${output.stderr}`.trim();
  throw new Error(`${program} ${args.join(' ')} ended with ${code}: ${text}`);
}
