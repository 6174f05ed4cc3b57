import { userInfo } from 'node:os';

/** The server cannot run. The message is one line: the problem, and what to do about it. */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError';

  constructor(message: string, options?: ErrorOptions) {
    super(message.replace(/\s*\n\s*/g, ' ').trim(), options);
  }
}

/** The remedy that always works. */
export const OR_OWN_SERVER = 'or use a PostgreSQL server of your own';

/** Explains any error of a start in `dataDir` in one line; the original error becomes the `cause`. */
export function toEmbeddedPostgresError(error: unknown, dataDir: string): EmbeddedPostgresError {
  if (error instanceof EmbeddedPostgresError) return error;
  const { code, path, message } = error as NodeJS.ErrnoException;
  const options = { cause: error };
  switch (code) {
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new EmbeddedPostgresError(
        `User "${currentUser()}" may not ${code === 'EROFS' ? 'write on the read-only disk of' : 'use'} ${path ?? dataDir}: ` +
          `use a data folder that this user may write to, ${OR_OWN_SERVER}`,
        options,
      );
    case 'ENOSPC':
    case 'EDQUOT':
      return diskFull(dataDir, options);
    case 'ENOTDIR':
    case 'EEXIST':
      return new EmbeddedPostgresError(
        `${path ?? dataDir} is not a folder, and a folder is needed there: move it, or use another data folder`,
        options,
      );
    default:
      return new EmbeddedPostgresError(
        `The embedded PostgreSQL in ${dataDir} did not start (${message}): fix this, ${OR_OWN_SERVER}`,
        options,
      );
  }
}

/**
 * Explains in one line why a program of PostgreSQL failed.
 *
 * @param what start of the message, such as `PostgreSQL did not start in /data`
 * @param output lines of the program's standard error
 */
export function programFailure(
  what: string,
  output: readonly string[],
  dataDir: string,
): EmbeddedPostgresError {
  const text = output.join('\n');
  if (/No space left on device|Disk quota exceeded/.test(text)) return diskFull(dataDir);
  if (text.includes('could not look up effective user ID')) {
    return new EmbeddedPostgresError(
      `${what}: user id ${process.geteuid?.() ?? '?'} has no entry in /etc/passwd, which PostgreSQL needs: ` +
        `run as a user that has one, ${OR_OWN_SERVER}`,
    );
  }
  return new EmbeddedPostgresError(`${what}: ${causeIn(output)}; fix this, ${OR_OWN_SERVER}`);
}

function diskFull(dataDir: string, options?: ErrorOptions): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    `No space left on the disk of ${dataDir}: free some space (a new database takes 60 MB), ` +
      'or use a data folder on another disk',
    options,
  );
}

/** The line that names the cause: the last fatal error, else the last error, else the last line. */
function causeIn(lines: readonly string[]): string {
  const cause =
    lines.findLast((line) => /\b(FATAL|PANIC):/.test(line)) ??
    lines.findLast((line) => /\berror:/i.test(line)) ??
    lines.findLast((line) => line.trim() !== '') ??
    'it printed nothing';
  return cause.replace(/^.*?\b(FATAL|PANIC|ERROR|error):\s*/, '').trim();
}

/** Name of the user that runs this process, or the user id if it has no name (a container with an arbitrary uid). */
function currentUser(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.geteuid?.() ?? 'unknown');
  }
}
