/**
 * The import rules of the repository: docs/architecture.md draws them. Run by `npm run lint`.
 * A type-only import counts: a module that needs the types of another one depends on it.
 */

/** The layers of src/ from the bottom up. A folder may import itself and the layers below, not its neighbours. */
const LAYERS = [
  ['common'],
  ['config'],
  ['database', 'tokens'],
  ['policies', 'auth', 'lifecycle'],
  ['metrics', 'health', 'telemetry', 'audit'],
  ['conversations'],
  ['calibration'],
  ['events'],
  ['compaction'],
  ['erasure'],
  ['window'],
  ['stream'],
  ['http'],
];

const pathOf = (folders) => `^src/(${folders.join('|')})/`;

/** One rule per layer: nothing in it imports the composition root or a layer above. */
const layerRules = LAYERS.map((folders, index) => ({
  name: `${folders.join('-')}-imports-down`,
  comment: `src/${folders.join(', src/')} may import only the layers below: ${LAYERS.slice(0, index).flat().join(', ')}`,
  severity: 'error',
  from: { path: pathOf(folders) },
  to: {
    path: '^src/',
    pathNot: LAYERS.slice(0, index).map(pathOf).concat('^src/$1/'),
  },
}));

const PRIVATE = '(\\.(repository|sql)\\.ts$|entities/)';

module.exports = {
  forbidden: [
    {
      name: 'cli-is-the-top',
      comment: 'The command starts everything else. Only main.ts may import it.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(cli/|main\\.ts$)' },
      to: { path: '^src/cli/' },
    },
    {
      name: 'no-circular',
      comment: 'Two files that import each other cannot be understood, or tested, one after the other.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    ...layerRules,
    {
      name: 'tables-are-private',
      comment: 'The repository, the statements and the entities of a module are its own: import its service.',
      severity: 'error',
      from: { path: '^src/([^/]+)/' },
      to: { path: `^src/(?!$1/)[^/]+/.*(${PRIVATE})` },
    },
    {
      name: 'packages-know-nothing-of-the-server',
      severity: 'error',
      from: { path: '^packages/' },
      to: { path: '^src/' },
    },
    {
      name: 'local-postgres-stands-alone',
      severity: 'error',
      from: { path: '^packages/local-postgres/' },
      to: { path: '^(packages/(?!local-postgres/)|examples/)' },
    },
    {
      name: 'messages-stands-alone',
      comment:
        'Its functions are pure and run everywhere: no package, no module of Node.js, no other folder.',
      severity: 'error',
      from: { path: '^packages/messages/src/' },
      to: { pathNot: '^packages/messages/src/' },
    },
    {
      name: 'sdk-depends-only-on-messages',
      comment: 'The client has no other runtime dependency; peer dependencies only for the integrations.',
      severity: 'error',
      from: { path: '^packages/sdk/src/' },
      to: {
        dependencyTypes: ['npm', 'npm-dev', 'npm-optional', 'npm-no-pkg', 'npm-unknown'],
        // Of the packages of the providers, the client imports types only.
        pathNot: '^packages/messages/|node_modules/(openai|@anthropic-ai/sdk)/',
      },
    },
    {
      name: 'not-resolvable',
      comment: 'This import cannot be resolved: the rules above cannot judge it.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '\\.spec\\.ts$|/dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['types', 'import', 'default'] },
  },
};
