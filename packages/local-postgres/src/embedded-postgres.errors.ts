import { userInfo } from 'node:os';

/** Why there is no database. The message is one line: what is wrong, and what to do about it. */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError';

  constructor(message: string, options?: ErrorOptions) {
    super(message.replace(/\s*\n\s*/g, ' ').trim(), options);
  }
}

/** The way out that is always open. */
export const OR_DATABASE_URL = 'or set DATABASE_URL to a PostgreSQL of your own';

/** Turns whatever went wrong while starting in `dataDir` into the one line; the original stays as `cause`. */
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
          `set DATA_DIR to a folder that this user may write to, ${OR_DATABASE_URL}`,
        options,
      );
    case 'ENOSPC':
    case 'EDQUOT':
      return diskFull(dataDir, options);
    case 'ENOTDIR':
    case 'EEXIST':
      return new EmbeddedPostgresError(
        `${path ?? dataDir} is in the way, a folder is needed there: move it, or set DATA_DIR to another folder`,
        options,
      );
    default:
      return new EmbeddedPostgresError(
        `The embedded PostgreSQL in ${dataDir} did not start (${message}): mend this, ${OR_DATABASE_URL}`,
        options,
      );
  }
}

/**
 * What a PostgreSQL program said before it gave up, as the one line.
 *
 * @param what the sentence's beginning: `PostgreSQL did not start in /data`
 * @param output lines of its standard error
 */
export function programFailure(
  what: string,
  output: readonly string[],
  dataDir: string,
): EmbeddedPostgresError {
  const said = output.join('\n');
  if (/No space left on device|Disk quota exceeded/.test(said)) return diskFull(dataDir);
  if (said.includes('could not look up effective user ID')) {
    return new EmbeddedPostgresError(
      `${what}: user id ${process.geteuid?.() ?? '?'} has no entry in /etc/passwd, which PostgreSQL wants: ` +
        `run as a user that has one, ${OR_DATABASE_URL}`,
    );
  }
  return new EmbeddedPostgresError(`${what}: ${essence(output)}; mend this, ${OR_DATABASE_URL}`);
}

function diskFull(dataDir: string, options?: ErrorOptions): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    `No space left on the disk of ${dataDir}: free some (a new database takes 60 MB), ` +
      'or set DATA_DIR to a folder on another disk',
    options,
  );
}

/** The line that names the cause: the last fatal one, else the last error, else the last of all. */
function essence(lines: readonly string[]): string {
  const cause =
    lines.findLast((line) => /\b(FATAL|PANIC):/.test(line)) ??
    lines.findLast((line) => /\berror:/i.test(line)) ??
    lines.findLast((line) => line.trim() !== '') ??
    'it ended without a word';
  return cause.replace(/^.*?\b(FATAL|PANIC|ERROR|error):\s*/, '').trim();
}

/** Name of the user this process runs as, or its number where it has none (a container with an arbitrary uid). */
export function currentUser(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.geteuid?.() ?? 'unknown');
  }
}
