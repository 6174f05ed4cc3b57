import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

/** The built command `fastpaca`. */
export const FASTPACA = join(import.meta.dirname, '../../dist/src/cli/fastpaca.js');

/** How a command ended. */
export interface CommandResult {
  /** exit code; null if a signal ended it */
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Starts the built command. The environment has nothing but PATH and `env`. */
export function launch(args: readonly string[], env: Record<string, string> = {}): ChildProcess {
  return spawn(process.execPath, [FASTPACA, ...args], {
    env: { PATH: process.env.PATH, FASTPACA_DATABASE_TIMEOUT_MS: '200000', ...env },
    stdio: 'pipe',
  });
}

/** Runs the built command to its end. */
export async function fastpaca(
  args: readonly string[],
  env?: Record<string, string>,
): Promise<CommandResult> {
  const child = launch(args, env);
  child.stdin!.end();
  return resultOf(child);
}

/** Waits until a command has ended. */
export async function resultOf(child: ChildProcess): Promise<CommandResult> {
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout!),
    text(child.stderr!),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { code, stdout, stderr };
}
