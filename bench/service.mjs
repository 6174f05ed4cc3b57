// Starts the built service for a benchmark, with its embedded database in a temporary folder.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cpuMs } from './cpu-time.mjs';
import { freePort, startOptions, untilReady } from './server-process.mjs';

/**
 * @param settings environment variables
 * @param folder a built checkout; default: this one
 */
export async function startService(settings = {}, folder = join(import.meta.dirname, '..')) {
  const dataDir = await mkdtemp(join(tmpdir(), 'fastpaca-bench-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const { flags, env } = await startOptions(folder);
  const child = spawn(process.execPath, [...flags, 'dist/src/main.js'], {
    cwd: folder,
    env: {
      ...process.env,
      ...env,
      NODE_OPTIONS: '',
      DATABASE_URL: '',
      DATA_DIR: dataDir,
      PORT: String(port),
      ...settings,
    },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  await untilReady(url, child);
  return {
    url,
    /** Resident memory, in bytes. */
    async residentBytes() {
      const status = await readFile(`/proc/${child.pid}/status`, 'utf8');
      return Number(/VmRSS:\s+(\d+)/.exec(status)[1]) * 1024;
    },
    /** CPU time that the process has used, in milliseconds. */
    cpuMs() {
      return cpuMs(child.pid);
    },
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
