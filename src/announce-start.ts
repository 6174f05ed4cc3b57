import { isLoopback } from './common/http/origin.js';
import { log } from './common/logging/logger.js';
import type { AppConfig } from './config/app-config.js';

/** A service that accepts requests. */
export interface StartedService {
  /** Such as `http://127.0.0.1:4000`. */
  url: string;
  /** Whether requests need no authentication. */
  isOpen: boolean;
}

/** Logs where the service listens, and a warning if everybody can use it. */
export function announceStart({ url, isOpen }: StartedService, config: AppConfig): void {
  if (isOpen && !isLoopback(config.host)) warnOfOpenService(config);
  const database =
    config.databaseUrl === undefined
      ? `embedded PostgreSQL in ${config.dataDir}`
      : 'PostgreSQL at DATABASE_URL';
  log.info(
    { url, node: config.nodeName, database },
    `Fastpaca listens on ${url} (API under ${url}/v1, docs at ${url}/docs)`,
  );
}

function warnOfOpenService({ host }: AppConfig): void {
  log.warn(
    `NO API KEY IS SET and the service listens on ${host}: everyone who can reach it can read and write every conversation. ` +
      'Set FASTPACA_API_KEY, or HOST=127.0.0.1. Until then the service rejects only web pages of origins that are not in ' +
      'FASTPACA_ALLOWED_ORIGINS, and requests for hosts other than localhost, HOST and FASTPACA_ALLOWED_HOSTS.',
  );
}
