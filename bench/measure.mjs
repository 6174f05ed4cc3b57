import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** Runs a script of this folder in its own process and returns the JSON that it prints. */
export async function measure(script, spec = {}) {
  const { stdout } = await execute(
    process.execPath,
    [join(import.meta.dirname, script), JSON.stringify(spec)],
    { maxBuffer: 64 * 1024 * 1024 },
  );
  return JSON.parse(stdout);
}
