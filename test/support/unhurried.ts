/**
 * Time limits of the service that even a very slow machine does not reach. A test of a time limit sets that limit itself
 * and asserts nothing that depends on being faster.
 */
export const UNHURRIED = {
  FASTPACA_DATABASE_TIMEOUT_MS: '200000',
  FASTPACA_REQUEST_TIMEOUT_MS: '600000',
  FASTPACA_STREAM_IDLE_TIMEOUT_MS: '3600000',
  SHUTDOWN_TIMEOUT_MS: '200000',
};
