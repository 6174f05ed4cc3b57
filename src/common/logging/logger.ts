import { pino } from 'pino';
import { requestFields } from './request-context.js';

/**
 * The process's one logger: JSON lines on stdout. Lines written while a request is handled carry its fields. Errors
 * are logged by type, message, code and stack only: a driver's error object holds the row it failed on.
 */
export const log = pino({
  level: process.env.LOG_LEVEL === '' ? 'info' : (process.env.LOG_LEVEL ?? 'info'),
  base: undefined,
  timestamp: pino.stdTimeFunctions.isoTime,
  formatters: { level: (level) => ({ level }) },
  mixin: () => requestFields() ?? {},
  serializers: { err: describeError },
});

function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { type: typeof error };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const constraint = 'constraint' in error ? error.constraint : undefined;
  return { type: error.name, message: error.message, code, constraint, stack: error.stack };
}
