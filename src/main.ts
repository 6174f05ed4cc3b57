import 'reflect-metadata';
import { log } from './common/logging/logger.js';
import { AppConfig } from './config/app-config.js';
import { Service } from './service.js';

/** Signals that ask for an end; the second one does not wait. */
const STOP_SIGNALS = ['SIGTERM', 'SIGINT'] as const;

try {
  const service = await Service.start(AppConfig.fromEnvironment(process.env));
  for (const signal of STOP_SIGNALS) {
    process.once(signal, () => {
      process.once(signal, () => process.exit(1));
      log.info({ signal }, 'stopping');
      void service.stop().then((clean) => process.exit(clean ? 0 : 1));
    });
  }
} catch (error) {
  log.fatal({ err: error }, `cannot start: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
