import ts from 'typescript';

/**
 * Compiles programs in strict mode, each with the files that it imports, and writes JavaScript beside them.
 *
 * @param module `CommonJS` for generated code that imports files without their extension, which Node.js resolves only there
 * @returns the compiler errors of each program; an error in an imported file counts for all of them
 */
export function compileStrictly(files: string[], module: 'NodeNext' | 'CommonJS' = 'NodeNext'): string[][] {
  const program = ts.createProgram(files, {
    strict: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2023,
    lib: ['lib.es2024.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
    module: ts.ModuleKind[module],
    moduleResolution: ts.ModuleResolutionKind[module === 'NodeNext' ? 'NodeNext' : 'Bundler'],
    types: [],
  });
  program.emit();
  const diagnostics = ts.getPreEmitDiagnostics(program);
  return files.map((name) =>
    diagnostics
      .filter(({ file }) => file?.fileName === name || !files.includes(file?.fileName ?? ''))
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n')),
  );
}
