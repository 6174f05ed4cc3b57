import js from '@eslint/js';
import prettier from 'eslint-config-prettier';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** An assertion on a time that has passed fails on a slow machine: docs/architecture.md. */
const ELAPSED_TIME = [
  'CallExpression[callee.name="expect"]:has(CallExpression[callee.object.name=/^(performance|Date)$/][callee.property.name="now"])',
  'CallExpression[callee.name="expect"]:has(Identifier[name=/(elapsed|duration|tookMs|took)/i]):not(:has(ObjectExpression))',
].map((selector) => ({
  selector,
  message: 'Assert what happened and in which order, not how long it took.',
}));

/** `it(title, test, timeout)` and its like. */
const OWN_LIMITS = [
  'CallExpression[callee.name=/^(it|test)$/][arguments.length>2]',
  'CallExpression[callee.name=/^(beforeAll|beforeEach|afterAll|afterEach)$/][arguments.length>1]',
  'CallExpression[callee.object.name="jest"][callee.property.name="setTimeout"]',
].map((selector) => ({ selector, message: 'The testTimeout of jest.config.js is the one limit of a test.' }));

export default defineConfig(
  // examples/extend is compiled against the packed package, which is not installed in this checkout.
  globalIgnores(['**/dist/', 'data/', 'coverage/', '**/node_modules/', 'examples/extend/']),
  js.configs.recommended,
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // Nest modules are classes that only carry a decorator.
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // DTO classes are shapes: Nest and Swagger read their decorators, nobody calls their constructors.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // `x as T` where undefined is impossible; `x!` is refused by another rule.
      '@typescript-eslint/non-nullable-type-assertion-style': 'off',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
    },
  },
  {
    files: ['**/*.spec.ts', '**/test/**/*.ts'],
    rules: {
      // JSON read back from the service is untyped on purpose: the test asserts its shape.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-explicit-any': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      'no-restricted-syntax': ['error', ...ELAPSED_TIME, ...OWN_LIMITS],
    },
  },
  {
    // A file or a function that a reader cannot take in at once. Literals are exempt: SQL, documents, generated types.
    files: ['src/**/*.ts', 'packages/*/src/**/*.ts'],
    ignores: [
      '**/*.spec.ts',
      '**/testing/**',
      '**/generated/**',
      '**/*.sql.ts',
      'src/stream/asyncapi.ts',
      '**/migrations/**',
    ],
    rules: {
      'max-lines': ['error', { max: 300 }],
      'max-lines-per-function': ['error', { max: 50 }],
    },
  },
  {
    files: ['**/*.js', '**/*.mjs', '**/*.cjs'],
    languageOptions: {
      globals: Object.fromEntries(
        [
          'process',
          'console',
          'URL',
          'URLSearchParams',
          'fetch',
          'performance',
          'setTimeout',
          'Buffer',
          'setInterval',
          'module',
        ].map((name) => [name, 'readonly']),
      ),
    },
  },
  prettier,
);
