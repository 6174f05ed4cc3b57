// Started by run-folder.mjs with every campaign. Waits until its standard input ends, which also happens when the campaign is
// killed. Then kills every process whose working folder is in the folder of the campaign, and removes that folder.
import { rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { kill, processesIn } from './processes.mjs';

const ATTEMPTS = 4;
const BETWEEN_ATTEMPTS_MS = 150;

const folder = process.argv[2];
process.stdin.resume();
await new Promise((resolve) => process.stdin.once('close', resolve));
// Repeated, because a process may have started another process meanwhile.
for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
  kill(processesIn(folder));
  await delay(BETWEEN_ATTEMPTS_MS);
  if (processesIn(folder).length === 0) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
