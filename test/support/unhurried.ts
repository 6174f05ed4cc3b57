/**
 * Time limits of the service that are too long to be exceeded, even on a very slow machine. A test of a time limit sets
 * that limit itself, and none of its assertions may depend on being faster than the limit.
 */
export const UNHURRIED = {
  FASTPACA_DATABASE_TIMEOUT_MS: '200000',
  FASTPACA_REQUEST_TIMEOUT_MS: '600000',
  FASTPACA_STREAM_IDLE_TIMEOUT_MS: '3600000',
  SHUTDOWN_TIMEOUT_MS: '200000',
};
