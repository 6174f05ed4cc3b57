/**
 * Timeout of a helper that waits for an event, in milliseconds. A hanging test then fails with an error that names the
 * missing event, before the `testTimeout` of jest.config.js. Passing tests need far less time.
 */
export const PATIENCE_MS = 240_000;
