import { pino, type Logger } from 'pino';
import { isError } from '../errors/is-error.js';
import { logDestination } from './log-destination.js';
import { requestFields } from './request-context.js';

/**
 * The process's one logger: JSON lines on stdout. Lines written while a request is handled carry its fields. Errors
 * are logged by type, message, code and stack only: a driver's error object holds the row it failed on.
 */
export const log: Logger = pino(
  {
    level: knownLevel(process.env.LOG_LEVEL),
    base: undefined,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (level) => ({ level }) },
    // A copy: pino writes what else the line holds into the object it is given.
    mixin: () => ({ ...requestFields() }),
    serializers: { err: describeError },
  },
  logDestination(() => (log.level = 'silent')),
);

/** A bad level is the configuration's to report, in a log that works. */
function knownLevel(name = ''): string {
  return name === 'silent' || Object.hasOwn(pino.levels.values, name) ? name : 'info';
}

function describeError(error: unknown): Record<string, unknown> {
  if (!isError(error)) return { type: typeof error };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const constraint = 'constraint' in error ? error.constraint : undefined;
  return { type: error.name, message: error.message, code, constraint, stack: error.stack };
}
