// Builds a package from its src/: ES modules and types by tsc, CommonJS by swc from the same sources.
//   node scripts/build-package.mjs <folder of the package>
import { transformFile } from '@swc/core';
import { spawnSync } from 'node:child_process';
import { cp, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';

const [folder] = process.argv.slice(2);
if (!folder) {
  console.error('usage: node scripts/build-package.mjs <folder of the package>');
  process.exit(1);
}
const root = resolve(folder);
const out = join(root, 'dist');
// Made beside it and moved in one go: what is running from the old build finds no hole.
const fresh = `${out}.new-${process.pid}`;
const esm = join(fresh, 'esm');
const cjs = join(fresh, 'cjs');

const typescript = dirname(createRequire(import.meta.url).resolve('typescript/package.json'));
const { status } = spawnSync(
  process.execPath,
  [join(typescript, 'bin/tsc'), '-p', join(root, 'tsconfig.build.json'), '--outDir', esm],
  { stdio: ['ignore', 2, 2] },
);
if (status !== 0) {
  await rm(fresh, { recursive: true, force: true });
  process.exit(1);
}

for (const file of await readdir(esm, { recursive: true })) {
  if (!file.endsWith('.js')) continue;
  const { code } = await transformFile(join(esm, file), {
    swcrc: false,
    jsc: { target: 'es2022', parser: { syntax: 'ecmascript' } },
    // `import('ai')` stays one: newer majors of it are ES modules only.
    module: { type: 'commonjs', ignoreDynamic: true },
  });
  await mkdir(dirname(join(cjs, file)), { recursive: true });
  await writeFile(join(cjs, file), code);
}
await cp(esm, cjs, { recursive: true, filter: (path) => !path.endsWith('.js') });
await writeFile(join(cjs, 'package.json'), '{ "type": "commonjs" }\n');

await rm(out, { recursive: true, force: true });
await rename(fresh, out);
