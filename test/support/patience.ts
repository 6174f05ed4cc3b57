/**
 * How long a helper waits for an expected event, in milliseconds. It ends a hanging test with a message that names the
 * missing event, shortly before the `testTimeout` of jest.config.js. No passing test comes near it.
 */
export const PATIENCE_MS = 240_000;
