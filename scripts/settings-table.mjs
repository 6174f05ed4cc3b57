// Writes the table of settings into the README. A test fails if the table is stale.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SETTINGS } from '../dist/src/config/settings.js';

const readme = join(import.meta.dirname, '..', 'README.md');
const rows = Object.values(SETTINGS).map(
  ({ variable, default: unset, meaning }) => `| \`${variable}\` | ${unset} | ${meaning} |`,
);
const table = ['| variable | default | meaning |', '| --- | --- | --- |', ...rows].join('\n');
const text = readFileSync(readme, 'utf8');
writeFileSync(readme, text.replace(/(<!-- settings -->\n)[\s\S]*(<!-- \/settings -->)/, `$1${table}\n$2`));
