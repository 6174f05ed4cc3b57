import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';

/** The declarations that the package ships; `npm test` builds them. */
const DECLARATIONS = resolve('dist/src');

/** What each entry point exports. A name is public API: it may be added, but not removed or renamed without a major version. */
const SURFACE: Record<string, string[]> = {
  '.': [
    'AppConfig',
    'AppError',
    'type AppendedEvent',
    'type AppendedTurn',
    'type Authenticator',
    'type BootstrapOptions',
    'type Calibration',
    'CalibrationService',
    'type ChangeKind',
    'type CommittedChange',
    'type Compacted',
    'CompactionNotFoundError',
    'type CompactionPage',
    'type CompactionPageRequest',
    'CompactionReplacedError',
    'CompactionService',
    'CompactionUndoneError',
    'type CompactionWarning',
    'type Conversation',
    'type ConversationCalibration',
    'ConversationChanges',
    'ConversationErasedError',
    'ConversationId',
    'ConversationNotFoundError',
    'type ConversationPage',
    'type ConversationRecord',
    'ConversationsService',
    'CurrentPrincipal',
    'type ErasureReceipt',
    'ErasureService',
    'type EventInput',
    'type EventObject',
    'type EventPage',
    'EventsService',
    'type ExplainReason',
    'type ExplainedRun',
    'FastpacaModule',
    'type FastpacaModuleAsyncOptions',
    'type FastpacaModuleOptions',
    'ForbiddenError',
    'type GroupSize',
    'IdempotencyConflictError',
    'InvalidConfigError',
    'InvalidPayloadError',
    'type ListOrder',
    'type ListRequest',
    'type ListedCompaction',
    'type LoggedEvent',
    'Metrics',
    'type NewCompaction',
    'type NewTurn',
    'type PageRequest',
    'type PolicyInput',
    'type PrefixChange',
    'type Principal',
    'type PromptWindow',
    'Public',
    'type RangeCompaction',
    'RangeGapError',
    'RangeOverlapError',
    'type RawJson',
    'type ReadPromptOptions',
    'type ReadWindowOptions',
    'type ReadinessIndicator',
    'RegisterReadinessIndicator',
    'RequireScope',
    'SCOPES',
    'type Scope',
    'type Segment',
    'type SeqRange',
    'type Service',
    'type SettingsInput',
    'type StoredEvent',
    'TombstonedError',
    'UnauthorizedError',
    'UnavailableError',
    'UndeclaredScopeError',
    'type UsageReport',
    'VersionMismatchError',
    'type Violation',
    'type Window',
    'type WindowExplanation',
    'type WindowMessage',
    'type WindowMessageFields',
    'type WindowPrefix',
    'type WindowPreview',
    'WindowService',
    'type WindowTotals',
    'type Withdrawal',
    'bootstrap',
    'jsonValue',
    'useFastpaca',
  ],
  './policies': [
    'InvalidPolicyConfigError',
    'type LiveEvent',
    'type NewestEvents',
    'type Part',
    'PolicyConfigReader',
    'RegisterPolicy',
    'type Selection',
    'type Timeline',
    'type WindowPolicy',
  ],
  './tokens': ['type TokenEstimator'],
  './testing': [
    'type PolicyExamples',
    'type TestRunner',
    'type TestService',
    'type TestServiceOptions',
    'describeWindowPolicy',
    'startTestService',
  ],
};

const program = ts.createProgram(Object.values(entryPoints()), {
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  target: ts.ScriptTarget.ES2024,
  types: ['node'],
  noEmit: true,
});
const checker = program.getTypeChecker();

/** The declaration file of each entry point, by its name in package.json. */
function entryPoints(): Record<string, string> {
  const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as {
    exports: Record<string, { types: string } | string>;
  };
  const files = Object.entries(manifest.exports).flatMap(([name, target]) =>
    typeof target === 'string' ? [] : [[name, resolve(target.types)]],
  );
  return Object.fromEntries(files) as Record<string, string>;
}

function exportsOf(entryPoint: string): ts.Symbol[] {
  const file = program.getSourceFile(entryPoints()[entryPoint]!)!;
  return checker.getExportsOfModule(checker.getSymbolAtLocation(file)!);
}

function resolved(symbol: ts.Symbol): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

/** The exported names in alphabetical order; `type` stands before a name that has no value. */
function namesOf(entryPoint: string): string[] {
  return exportsOf(entryPoint)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((symbol) => (isValue(symbol) ? symbol.name : `type ${symbol.name}`));
}

/** Whether the name can be used at run time. A class that an entry point exports with `export type` cannot. */
function isValue(symbol: ts.Symbol): boolean {
  const [specifier] = symbol.declarations ?? [];
  const isTypeExport =
    specifier &&
    ts.isExportSpecifier(specifier) &&
    (specifier.isTypeOnly || specifier.parent.parent.isTypeOnly);
  return !isTypeExport && Boolean(resolved(symbol).flags & ts.SymbolFlags.Value);
}

describe('the public surface of @fastpaca/server', () => {
  it('has these entry points', () => {
    expect(Object.keys(entryPoints())).toEqual(Object.keys(SURFACE));
  });

  it.each(Object.entries(SURFACE))('exports these names from %s', (entryPoint, names) => {
    expect(namesOf(entryPoint)).toEqual(names);
  });
});

/** Classes and interfaces of the package that the declarations of public names mention and no entry point exports. */
function unnameableTypes(): string[] {
  const exported = new Set(Object.keys(entryPoints()).flatMap((name) => exportsOf(name).map(resolved)));
  const found = new Set<string>();
  for (const symbol of exported) {
    const visited = new Set<ts.Symbol>([symbol]);
    const visit = (node: ts.Node, isBase = false): void => {
      // Applications do not call constructors of services, and cannot use private members.
      if (ts.isConstructorDeclaration(node) || isPrivate(node)) return;
      if (ts.isTypeReferenceNode(node)) check(node.typeName, isBase);
      if (ts.isImportTypeNode(node) && node.qualifier) check(node.qualifier, isBase);
      if (ts.isExpressionWithTypeArguments(node)) check(node.expression, true);
      ts.forEachChild(node, (child) => visit(child, isBase || ts.isHeritageClause(node)));
    };
    const check = (name: ts.Node, isBase: boolean): void => {
      const target = checker.getSymbolAtLocation(name);
      const type = target && resolved(target);
      if (!type || exported.has(type) || visited.has(type) || !isOfPackage(type)) return;
      visited.add(type);
      const needsName = type.flags & (ts.SymbolFlags.Class | ts.SymbolFlags.Interface);
      if (needsName && !isBase) found.add(`${symbol.name} mentions ${type.name}`);
      // The compiler replaces an alias by what it stands for; the members of a base are members of the public type.
      else type.declarations?.forEach((declaration) => visit(declaration));
    };
    symbol.declarations?.forEach((declaration) => visit(declaration));
  }
  return [...found].sort();
}

function isPrivate(node: ts.Node): boolean {
  return (
    ts.canHaveModifiers(node) &&
    Boolean(ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword))
  );
}

function isOfPackage({ flags, declarations = [] }: ts.Symbol): boolean {
  if (flags & ts.SymbolFlags.TypeParameter) return false;
  return declarations.some((declaration) =>
    declaration.getSourceFile().fileName.startsWith(join(DECLARATIONS, '/')),
  );
}

describe('the types of the public surface', () => {
  it('mention only classes and interfaces that an application can import', () => {
    expect(unnameableTypes()).toEqual([]);
  });
});
