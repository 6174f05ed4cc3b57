// `npm run bench`: compares the service with limits of the same machine and with references, by turns, in several rounds. Prints
// the medians as a table and writes them as JSON. docs/performance.md explains each row.
//
//   npm run bench                        all groups
//   npm run bench -- append window       only these groups; the names are in groups/index.mjs
//   ROUNDS=5 SECONDS=6 npm run bench     more rounds (default 3), longer measurements (default 4)
import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { Environment } from './environment.mjs';
import { groups } from './groups/index.mjs';
import { ResultTable } from './result-table.mjs';
import { RESULT_FILE, ROUNDS } from './settings.mjs';

const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !(name in groups));
if (unknown.length)
  throw new Error(`no such group: ${unknown.join(', ')}; there are ${Object.keys(groups).join(', ')}`);

const table = new ResultTable();
const environment = await Environment.start();
try {
  for (const [name, addRows] of Object.entries(groups)) {
    if (chosen.length && !chosen.includes(name)) continue;
    console.error(`— ${name}`);
    await addRows(environment, table);
  }
} finally {
  await environment.stop();
}
const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version };
const { rows } = table;
await writeFile(
  RESULT_FILE,
  `${JSON.stringify({ at: new Date().toISOString(), machine, rounds: ROUNDS, rows }, null, 2)}\n`,
);
console.table(rows);
console.log(`${machine.cores} × ${machine.cpu}, Node.js ${machine.node}; written to ${RESULT_FILE}`);
