import { DatabaseError } from 'pg';
import { AppError } from '../common/errors/app-error.js';
import { UnavailableError } from '../common/errors/common.errors.js';
import { isError } from '../common/errors/is-error.js';
import { ReadOnlyServerError } from './database-client.js';
import { DatabaseTlsError, isTlsError } from './tls.errors.js';

/** Read-only transaction: the server is a standby, or a primary that has been demoted. */
const READ_ONLY_SQLSTATE = '25006';

const UNIQUE_VIOLATION_SQLSTATE = '23505';

/**
 * SQLSTATEs of conditions that may pass without a change of the request;
 * https://www.postgresql.org/docs/current/errcodes-appendix.html. A two-character entry stands for its whole class.
 */
const UNAVAILABLE_SQLSTATES = [
  '08', // connection exception
  '53', // insufficient resources: too many connections, disk full, out of memory
  '28', // login rejected, as after a password rotation; at the start, the process ends instead
  '3D000', // the database does not exist
  READ_ONLY_SQLSTATE,
  '40001', // serialization failure
  '40P01', // deadlock detected
  '55000', // the database does not accept connections: an administrator has closed it
  '55P03', // lock not available within lock_timeout
  '57014', // statement cancelled by statement_timeout
  '57P01', // terminated by an administrator
  '57P02', // crash of another backend
  '57P03', // starting up or shutting down
  '57P05', // idle session timeout
  '58030', // I/O error
];

/** Those that last until the configuration is corrected. */
const CONFIGURATION_SQLSTATES = ['28', '3D000'];

/** Errors of Node.js and pg if the database or the network is unavailable; the errors of pg itself have no code. */
const UNAVAILABLE_CODES =
  /^(ECONN\w+|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|ENOENT|EACCES|EMFILE)$/;
const UNAVAILABLE_MESSAGES =
  /^(Connection terminated|timeout e(xceeded|xpired)|timeout expired|Query read timeout|Client has encountered a connection error|Cannot use a pool after calling end|Client was closed)/i;

/** Turns an error of an unavailable database into a 503; returns every other error unchanged. */
export function toAppError(error: unknown): unknown {
  if (!isError(error)) return error;
  if (isUnavailable(error) || ('driverError' in error && isUnavailable(error.driverError as Error))) {
    return new UnavailableError('The database does not answer; retry in a moment', { cause: error });
  }
  return error;
}

function isUnavailable(error: Error): boolean {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (error instanceof DatabaseError) return UNAVAILABLE_SQLSTATES.some((state) => code.startsWith(state));
  if (error instanceof ReadOnlyServerError || isTlsError(error)) return true;
  if (error instanceof AggregateError && error.errors.length) return isUnavailable(error.errors[0] as Error);
  return UNAVAILABLE_CODES.test(code) || UNAVAILABLE_MESSAGES.test(error.message);
}

/** Whether the database has rejected the login, does not exist, or cannot be reached with TLS. At the start, retrying does not help. */
export function isConfigurationError(error: unknown): boolean {
  if (error instanceof DatabaseTlsError) return true;
  return (
    error instanceof DatabaseError && CONFIGURATION_SQLSTATES.some((state) => error.code?.startsWith(state))
  );
}

/** Whether the server has rejected a write because it is read-only. */
export function isReadOnly(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === READ_ONLY_SQLSTATE;
}

/**
 * Whether the connection may be unusable after `error`: after every error except those that a writable database reports
 * for a statement.
 */
export function isBroken(error: unknown): error is Error {
  if (!isError(error) || error instanceof AppError) return false;
  return !(error instanceof DatabaseError) || error.severity !== 'ERROR' || isReadOnly(error);
}

/**
 * Whether `error` is the violation of a unique constraint. The constraint's name does not matter: the index of a partition
 * has another name than the index of its table.
 */
export function isUniqueViolation(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === UNIQUE_VIOLATION_SQLSTATE;
}
