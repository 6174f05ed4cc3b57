import './check-node-version.js';
import 'reflect-metadata';
import type { Service as RunningService } from './service.js';

// Not static imports: those are all linked before the first one runs, and an old Node.js fails at that already.
const { log } = await import('./common/logging/logger.js');
const { AppConfig } = await import('./config/app-config.js');
const { Service } = await import('./service.js');

/** Signals that ask for an end; the second one does not wait. */
const STOP_SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** Not there while it starts. */
let service: RunningService | undefined;

// Before the start: one that is interrupted must not leave its database behind, which ends with an orderly exit.
for (const signal of STOP_SIGNALS) {
  process.once(signal, () => {
    process.once(signal, () => process.exit(1));
    log.info({ signal }, 'stopping');
    if (service) void service.stop().then((clean) => process.exit(clean ? 0 : 1));
    else process.exit(1);
  });
}

// A promise that nobody handles has failed one piece of work, whose request is answered by its time limit.
process.on('unhandledRejection', (error) =>
  log.error({ err: error }, 'a promise was rejected and not handled'),
);
// After an exception that nobody caught the process may be in any state: an orderly end, so that the database is stopped.
process.once('uncaughtException', (error) => {
  log.fatal({ err: error }, 'an exception was not caught; stopping');
  if (service) void service.stop().finally(() => process.exit(1));
  else process.exit(1);
});

try {
  service = await Service.start(AppConfig.fromEnvironment(process.env));
} catch (error) {
  log.fatal({ err: error }, `cannot start: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
