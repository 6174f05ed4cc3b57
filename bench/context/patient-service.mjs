import { startService } from '../service.mjs';

/** Starts a service that does not give up on a busy machine. @param folder see `startService` */
export function startPatientService(folder) {
  const settings = {
    LOG_LEVEL: 'warn',
    FASTPACA_REQUEST_TIMEOUT_MS: '60000',
    FASTPACA_DATABASE_TIMEOUT_MS: '20000',
  };
  return startService(settings, folder);
}
