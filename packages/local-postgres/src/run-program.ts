import { spawn } from 'node:child_process';

/** The user and group that run a program. */
export interface ProgramUser {
  uid: number;
  gid: number;
}

export interface ProgramResult {
  /** exit status; null if a signal ended the program */
  code: number | null;
  /** standard output */
  stdout: string;
  /** lines of the standard error */
  stderr: string[];
}

/**
 * Runs a program to its end, as `user` if one is given.
 *
 * @throws NodeJS.ErrnoException the program could not be started (ENOENT, EACCES)
 */
export function runProgram(
  program: string,
  args: readonly string[],
  user?: ProgramUser,
): Promise<ProgramResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...spawnOptions(user),
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
 * Working folder, environment and user of PostgreSQL's programs.
 *
 * The environment is new: ours holds secrets, which another user could then read, and `PG…` variables, which PostgreSQL
 * would obey. `LC_ALL=C` because we parse the messages; `TZ` saves initdb the search for the local time zone. The working
 * folder is `/`, because the user of the server may not be able to read ours.
 */
export function spawnOptions(user?: ProgramUser): {
  cwd: string;
  env: NodeJS.ProcessEnv;
  uid?: number;
  gid?: number;
} {
  const { PATH, LD_LIBRARY_PATH } = process.env;
  return {
    cwd: '/',
    env: { LC_ALL: 'C', TZ: 'UTC', ...(PATH && { PATH }), ...(LD_LIBRARY_PATH && { LD_LIBRARY_PATH }) },
    ...(user && { uid: user.uid, gid: user.gid }),
  };
}
