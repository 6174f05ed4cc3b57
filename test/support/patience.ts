/**
 * How long a helper waits for something that must come, in milliseconds. It ends a hanging test with a message that
 * names what is missing, a little before the `testTimeout` of jest.config.js would. No passing test gets near it.
 */
export const PATIENCE_MS = 240_000;
