// Unit tests stand beside their subject in src/; test/ holds what runs against the service on a real PostgreSQL.
export default {
  testEnvironment: 'node',
  testMatch: [
    '<rootDir>/{src,sdk/src,sdk/test,examples/*/test}/**/*.spec.ts',
    '<rootDir>/{test,sdk/test,examples/*/test}/**/*.e2e-spec.ts',
  ],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': '@swc/jest' },
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  modulePathIgnorePatterns: ['<rootDir>/dist', '<rootDir>/sdk/dist'],
  setupFiles: ['reflect-metadata', '<rootDir>/test/support/quiet-log.mjs'],
  globalSetup: '<rootDir>/test/support/global-setup.mjs',
  globalTeardown: '<rootDir>/test/support/global-teardown.mjs',
  // Against hanging only: no test asserts a duration.
  testTimeout: 60_000,
  maxWorkers: 2,
};
