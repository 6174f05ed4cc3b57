import type { LoggerService } from '@nestjs/common';
import { pino, type Logger } from 'pino';
import { isError } from '../errors/is-error.js';
import { isoTime } from './iso-time.js';
import { logDestination, type LogDestination } from './log-destination.js';
import { requestFields, type RequestFields } from './request-context.js';
import { RequestLine, type AnsweredRequest } from './request-line.js';

/**
 * The process's one logger: JSON lines on stdout, or wherever `logTo` sends them. Lines written while a request is handled carry its fields. Errors
 * are logged by type, message, code, constraint and stack only: a database driver's error also holds the rejected row.
 *
 * The level is `info` until the program has read its configuration and sets `log.level`: an invalid `LOG_LEVEL` is
 * reported in a log that works.
 */
export const log: Logger = pino(
  {
    level: 'info',
    base: undefined,
    timestamp: () => `,"time":"${isoTime()}"`,
    formatters: { level: (level) => ({ level }) },
    // A copy: pino adds the other fields of the line to this object.
    mixin: () => ({ ...requestFields() }),
    serializers: { err: describeError },
  },
  { write: (line) => write(line) },
);

/** Writes the line of a request. It is what `log[level]({ … }, 'request')` writes. */
export function logRequest(
  level: RequestLine['level'],
  fields: RequestFields,
  answered: AnsweredRequest,
): void {
  if (log.isLevelEnabled(level)) write(new RequestLine(level, fields, answered, sharingPid));
}

/** Opened at the first line: an application that logs elsewhere keeps stdout to itself. */
let stdout: LogDestination | undefined;
/** Of this process, if it shares its stdout with others. */
let sharingPid: number | undefined;
let write = (line: string | RequestLine): void => {
  stdout ??= logDestination(() => (log.level = 'silent'), sharingPid !== undefined);
  stdout.write(line);
};

/** For a process that shares its stdout with others: adds `pid` to every line, and keeps lines from being torn. */
export function logAsOneOfSeveral(): void {
  sharingPid = process.pid;
  log.setBindings({ pid: sharingPid });
}

const NEST_LEVELS = {
  trace: 'verbose',
  debug: 'debug',
  info: 'log',
  warn: 'warn',
  error: 'error',
  fatal: 'fatal',
} as const;

/**
 * Passes all further lines to a logger of the application instead of stdout, as objects with `message`, in the context
 * `Fastpaca`. `log.level` still decides which lines there are.
 */
export function logTo(logger: LoggerService): void {
  write = (line) => {
    const { level, time: _, msg, ...fields } = JSON.parse(line.toString()) as LogLine;
    const method = NEST_LEVELS[level];
    (logger[method] ?? logger.log).call(logger, { message: msg, ...fields }, 'Fastpaca');
  };
}

interface LogLine extends Record<string, unknown> {
  level: keyof typeof NEST_LEVELS;
  msg?: string;
}

function describeError(error: unknown): Record<string, unknown> {
  if (!isError(error)) return { type: typeof error };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const constraint = 'constraint' in error ? error.constraint : undefined;
  return { type: error.name, message: error.message, code, constraint, stack: error.stack };
}
