import type { LoggerService } from '@nestjs/common';
import { log } from './logger.js';

/** Where Nest reports that a start failed. It throws the error as well, and who called it says what became of it. */
const START_FAILURES = ['ExceptionHandler', 'NestApplication'];

/** Nest's own lines, in the format of ours. What Nest calls "log" is routine start-up detail: debug here. */
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
    if (level === 'error' && START_FAILURES.includes(context ?? ''))
      log.debug({ context }, 'the start failed');
    else if (message instanceof Error) log[level]({ err: message, context }, message.message);
    else log[level]({ context, stack: extras.length > 1 ? extras[0] : undefined }, String(message));
  };
}
