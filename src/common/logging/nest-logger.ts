import type { LoggerService } from '@nestjs/common';
import { log } from './logger.js';

/** Contexts in which Nest logs a failed start. Nest also throws the error, which the caller logs. */
const START_FAILURE_CONTEXTS = ['ExceptionHandler', 'NestApplication'];

/** Writes Nest's own log lines to `log`. Nest's level "log" is routine start-up detail, and becomes debug. */
export class NestLogger implements LoggerService {
  log = write('debug');
  debug = write('debug');
  verbose = write('trace');
  warn = write('warn');
  error = write('error');
  fatal = write('fatal');
}

/** Nest passes the message, then extras (a stack, for an error), then the context as the last string. */
function write(level: 'trace' | 'debug' | 'warn' | 'error' | 'fatal') {
  return (message: unknown, ...extras: unknown[]): void => {
    const context = extras.length ? String(extras.at(-1)) : undefined;
    if (level === 'error' && START_FAILURE_CONTEXTS.includes(context ?? ''))
      log.debug({ context }, 'the start failed');
    else if (message instanceof Error) log[level]({ err: message, context }, message.message);
    else log[level]({ context, stack: extras.length > 1 ? extras[0] : undefined }, String(message));
  };
}
