/**
 * Time limits of the service that no machine reaches, however slow. A test of what a time limit does sets that one
 * itself, and then asserts nothing that depends on being faster than it.
 */
export const UNHURRIED = {
  FASTPACA_DATABASE_TIMEOUT_MS: '200000',
  FASTPACA_REQUEST_TIMEOUT_MS: '600000',
  FASTPACA_STREAM_IDLE_TIMEOUT_MS: '3600000',
  SHUTDOWN_TIMEOUT_MS: '200000',
};
