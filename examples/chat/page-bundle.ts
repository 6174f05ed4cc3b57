import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

/** A file of the page, as the browser receives it. */
export interface PageFile {
  type: string;
  content: string;
}

const FOLDER = join(import.meta.dirname, 'page');

/** The files of the page by their path. The modules are bundled into one. */
export async function bundlePage(): Promise<Map<string, PageFile>> {
  const { outputFiles } = await build({
    entryPoints: [join(FOLDER, 'main.tsx')],
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"production"' },
  });
  const [script] = outputFiles;
  return new Map([
    ['/', { type: 'text/html', content: await readFile(join(FOLDER, 'index.html'), 'utf8') }],
    ['/style.css', { type: 'text/css', content: await readFile(join(FOLDER, 'style.css'), 'utf8') }],
    ['/page.js', { type: 'text/javascript', content: script?.text ?? '' }],
  ]);
}
