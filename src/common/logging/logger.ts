import { pino, type Logger } from 'pino';
import { isError } from '../errors/is-error.js';
import { logDestination } from './log-destination.js';
import { requestFields } from './request-context.js';

/**
 * The process's one logger: JSON lines on stdout. Lines written while a request is handled carry its fields. Errors
 * are logged by type, message, code, constraint and stack only: a database driver's error also holds the rejected row.
 *
 * The level is `info` until the program has read its configuration and sets `log.level`: an invalid `LOG_LEVEL` is
 * reported in a log that works.
 */
export const log: Logger = pino(
  {
    level: 'info',
    base: undefined,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (level) => ({ level }) },
    // A copy: pino adds the other fields of the line to this object.
    mixin: () => ({ ...requestFields() }),
    serializers: { err: describeError },
  },
  logDestination(() => (log.level = 'silent')),
);

function describeError(error: unknown): Record<string, unknown> {
  if (!isError(error)) return { type: typeof error };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const constraint = 'constraint' in error ? error.constraint : undefined;
  return { type: error.name, message: error.message, code, constraint, stack: error.stack };
}
