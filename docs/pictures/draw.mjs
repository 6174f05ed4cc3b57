// Draws the pictures of docs/windows.md: `node docs/pictures/draw.mjs [folder]`. Without a folder it replaces those beside this file.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PICTURES } from './steps.mjs';

const folder = process.argv[2] ?? import.meta.dirname;
for (const [name, draw] of Object.entries(PICTURES)) writeFileSync(join(folder, `${name}.svg`), draw());
