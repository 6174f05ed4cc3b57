// Unit tests stand beside their subject in src/; test/ holds what runs against the service on a real PostgreSQL.
export default {
  testEnvironment: 'node',
  testMatch: [
    '<rootDir>/{src,packages/*/src,packages/*/test,examples/*/test}/**/*.spec.ts',
    '<rootDir>/{test,packages/*/test,examples/*/test}/**/*.e2e-spec.ts',
  ],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': '@swc/jest' },
  moduleNameMapper: {
    '^\\./log-destination\\.js$': '<rootDir>/test/support/quiet-log.mjs',
    '^(\\.{1,2}/.*)\\.js$': '$1',
    '^@fastpaca/local-postgres$': '<rootDir>/packages/local-postgres/src/index.ts',
    '^@fastpaca/messages$': '<rootDir>/packages/messages/src/index.ts',
    '^@fastpaca/messages/validate$': '<rootDir>/packages/messages/src/validate/index.ts',
  },
  modulePathIgnorePatterns: ['<rootDir>/dist', '<rootDir>/packages/.*/dist'],
  setupFiles: ['reflect-metadata'],
  globalSetup: '<rootDir>/test/support/global-setup.mjs',
  globalTeardown: '<rootDir>/test/support/global-teardown.mjs',
  // It ends a test that hangs: more than ten times what the longest test needs on a quiet machine. No test asserts a
  // duration, see docs/architecture.md, and none sets a limit of its own.
  testTimeout: 300_000,
  maxWorkers: 2,
  // Jest keeps the modules of every file a worker has run. A worker with so much heap is replaced after its file.
  workerIdleMemoryLimit: '300MB',
};
