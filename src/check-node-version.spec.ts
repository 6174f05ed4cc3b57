import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import { isSupported } from './check-node-version.js';

const json = (file: string) => JSON.parse(readFileSync(file, 'utf8')) as Record<string, any>;
const { engines, devDependencies } = json('package.json');

describe('isSupported', () => {
  it.each([
    ['20.20.2', false],
    ['22.20.0', false],
    ['22.21.0', true],
    ['22.23.3', true],
    ['23.11.1', false],
    ['24.10.0', false],
    ['24.11.0', true],
    ['25.9.0', false],
    ['26.0.0', true],
    ['26.10.0', true],
    ['27.0.0', false],
    ['27.0.0-nightly2026', false],
  ])('returns for Node.js %s: %s', (version, supported) => {
    expect(isSupported(version)).toBe(supported);
  });

  it('accepts the releases that package.json and the README state', () => {
    const source = readFileSync('src/check-node-version.ts', 'utf8');
    expect(source).toContain(`'${engines.node}'`);
    expect(json('examples/chat/package.json').engines).toEqual(engines);
    expect(json('packages/sdk/package.json').engines).toEqual({ node: '>=22' });
    expect(readFileSync('README.md', 'utf8')).toContain('Node.js 22, 24 or 26');
  });
});

describe('tsconfig.json', () => {
  const oldest = /\d+/.exec(engines.node as string)?.[0];

  /** The lines with compile errors under the settings of this repository. */
  function rejected(lines: string[]): string[] {
    const { options } = ts.parseJsonConfigFileContent(
      ts.readConfigFile('tsconfig.json', (path) => ts.sys.readFile(path)).config,
      ts.sys,
      process.cwd(),
    );
    const host = ts.createCompilerHost(options);
    const original = host.getSourceFile.bind(host);
    host.getSourceFile = (name, language, ...rest) =>
      name === 'src/example.ts'
        ? ts.createSourceFile(name, `export {};\n${lines.join('\n')}`, language)
        : original(name, language, ...rest);
    const program = ts.createProgram(['src/example.ts'], { ...options, noEmit: true }, host);
    return ts
      .getPreEmitDiagnostics(program)
      .map(({ file, start = 0 }) => lines[(file?.getLineAndCharacterOfPosition(start).line ?? 0) - 1] ?? '');
  }

  it('accepts the API of the oldest supported Node.js release and rejects later APIs', () => {
    expect(devDependencies['@types/node']).toMatch(new RegExp(`^${oldest}\\.`));
    const known = ['Map.groupBy([1], String);', 'Promise.withResolvers<void>();', "'a'.isWellFormed();"];
    const tooNew = [
      'Promise.try(() => 1);',
      "RegExp.escape('a');",
      'new Float16Array(1);',
      "new URLPattern('/a');",
      'Error.isError(1);',
    ];
    expect(rejected([...known, ...tooNew])).toEqual(tooNew);
  });
});
