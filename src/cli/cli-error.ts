import { DatabaseError } from 'pg';
import { isError } from '../common/errors/is-error.js';

/** A command cannot do its work. The message is one line: the problem, and what to do about it. */
export class CliError extends Error {
  override readonly name = 'CliError';
}

/** Explains any error of a command in one line. Quotes no password: `DATABASE_URL` is named, never shown. */
export function explain(error: unknown): string {
  if (!isError(error)) return oneLine(String(error));
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const isOfDatabase = error instanceof DatabaseError || error.message.startsWith('Connection terminated');
  return oneLine((isOfDatabase ? ofDatabase(code, error.message) : ofSystem(code, error)) ?? error.message);
}

/** @param code SQLSTATE; empty if the connection ended */
function ofDatabase(code: string, message: string): string | undefined {
  if (code === '' || code.startsWith('08') || code.startsWith('57P')) {
    return `the connection to the database was lost (${message}): check the database, then run the command again`;
  }
  if (code.startsWith('28')) {
    return `PostgreSQL rejects the login (${message}): correct user and password in DATABASE_URL`;
  }
  if (code === '3D000') return `the database does not exist (${message}): create it, or correct DATABASE_URL`;
  if (code === '42501')
    return `the role of DATABASE_URL lacks a privilege (${message}): grant it, or use another role`;
  if (code === '53100')
    return `the disk of the database is full (${message}): free some space, then run the command again`;
}

function ofSystem(
  code: string,
  { message, path, address }: Error & { path?: string; address?: string },
): string | undefined {
  switch (code) {
    case 'ECONNREFUSED':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'ETIMEDOUT':
      return `no PostgreSQL answers${address ? ` at ${address}` : ''} (${code}): start it, or correct host and port in DATABASE_URL`;
    case 'ECONNRESET':
    case 'EPIPE':
      return `the connection was lost (${code}): run the command again`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the host name in DATABASE_URL has no address (${code}): correct it, or check the name server`;
    case 'ENOENT':
      return `${path ?? 'the file'} does not exist: correct the path`;
    case 'EACCES':
    case 'EPERM':
      return `this user may not use ${path ?? 'the file'} (${code}): use another path, or change its permissions`;
    case 'EISDIR':
      return `${path ?? 'the path'} is a folder, and a file is needed: correct the path`;
    case 'ENOTDIR':
      return `${path ?? 'the path'} lies below a file, and a folder is needed there: correct the path`;
    case 'ENOSPC':
      return `no space left on the disk of ${path ?? 'the file'}: free some space, or use another disk`;
  }
  if (message.startsWith('timeout expired') || message.includes('timeout exceeded')) {
    return 'PostgreSQL does not answer in time: check that it runs, or set a longer FASTPACA_DATABASE_TIMEOUT_MS';
  }
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, ' ').trim();
}
