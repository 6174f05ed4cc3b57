import { isError } from '../common/errors/is-error.js';

/** Codes of Node.js and OpenSSL for a certificate that is not accepted, or a handshake that fails. */
const TLS_CODES =
  /^(CERT_|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_(GET|VERIFY|DECODE|DECRYPT)_|INVALID_(CA|PURPOSE)|ERR_TLS_|ERR_SSL_)/;
const VALIDITY_CODES = ['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID'];
/** pg's message for a server without TLS; it has no code. */
const NO_TLS_MESSAGE = 'The server does not support SSL connections';

/** TLS to the database does not work with this configuration. The message says what to do. */
export class DatabaseTlsError extends Error {}

/** The error of a connection that failed because of TLS, in words that say what to do; undefined for other errors. */
export function toTlsError(error: unknown): DatabaseTlsError | undefined {
  if (!isError(error)) return undefined;
  const advice = adviceFor(error);
  return advice === undefined ? undefined : new DatabaseTlsError(advice, { cause: error });
}

/** Whether a connection failed because of TLS. */
export function isTlsError(error: Error): boolean {
  return error instanceof DatabaseTlsError || adviceFor(error) !== undefined;
}

function adviceFor({ code = '', message, syscall }: NodeJS.ErrnoException): string | undefined {
  if (message === NO_TLS_MESSAGE) {
    return 'The database server does not offer TLS: turn on "ssl" in its postgresql.conf, or remove sslmode from DATABASE_URL';
  }
  // pg reads the files of the URL when it makes a connection.
  if (syscall === 'open') {
    return `A certificate or key in DATABASE_URL cannot be read (${message}): correct sslrootcert, sslcert or sslkey`;
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return `The certificate of the database server is for another host (${message}): use a host of the certificate in DATABASE_URL`;
  }
  if (VALIDITY_CODES.includes(code)) {
    return `The certificate of the database server is not valid at this time (${code}): renew it, or correct the clock`;
  }
  if (!TLS_CODES.test(code)) return undefined;
  return `The certificate of the database server is not trusted (${code}: ${message}): add sslrootcert=<file of its CA> to DATABASE_URL`;
}
