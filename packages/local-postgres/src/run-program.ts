import { spawn } from 'node:child_process';
import type { ServerAccount } from './server-account.js';

export interface ProgramResult {
  /** exit status; null when a signal ended it */
  code: number | null;
  /** standard output, whole */
  stdout: string;
  /** standard error, line by line */
  stderr: string[];
}

/**
 * Runs a program to its end, as `account` if one is given.
 *
 * @throws NodeJS.ErrnoException the program could not be started at all (ENOENT, EACCES)
 */
export function runProgram(
  program: string,
  args: readonly string[],
  account?: ServerAccount,
): Promise<ProgramResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...serverSurroundings(account),
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr: stderr.split('\n') }));
  });
}

/**
 * Where and as whom the programs of PostgreSQL run.
 *
 * The environment is made anew: ours holds API keys, which another user could then read, and `PG…` variables, which
 * PostgreSQL would follow. `LC_ALL=C` because we read its messages; `TZ` spares initdb the search for the local zone.
 * The root folder as the working one, because the server's user may not be able to see ours.
 */
export function serverSurroundings(account?: ServerAccount): {
  cwd: string;
  env: NodeJS.ProcessEnv;
  uid?: number;
  gid?: number;
} {
  const { PATH, LD_LIBRARY_PATH } = process.env;
  return {
    cwd: '/',
    env: { LC_ALL: 'C', TZ: 'UTC', ...(PATH && { PATH }), ...(LD_LIBRARY_PATH && { LD_LIBRARY_PATH }) },
    ...(account && { uid: account.uid, gid: account.gid }),
  };
}
