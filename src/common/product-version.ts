import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';

/** The version in the package.json of the server. */
export const PRODUCT_VERSION = readVersion();

function readVersion(): string {
  const path = findPackageJSON('..', import.meta.url);
  if (path === undefined) throw new Error('The package.json of the server is missing: install it again');
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
}
