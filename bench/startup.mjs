// How long `npm start` takes to be ready, in a built checkout with existing data.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, untilReady } from './server-process.mjs';

/** @returns milliseconds from the command to ready. The first start creates the data and is not counted. */
export async function startupTimes(count) {
  const dataDir = await mkdtemp(join(tmpdir(), 'fastpaca-bench-'));
  const times = [];
  try {
    for (let run = 0; run <= count; run += 1) times.push(await start(dataDir));
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
  return times.slice(1);
}

async function start(dataDir) {
  const port = await freePort();
  const startedAt = performance.now();
  const child = spawn('npm', ['start'], {
    cwd: join(import.meta.dirname, '..'),
    env: {
      ...process.env,
      NODE_OPTIONS: '',
      DATABASE_URL: '',
      DATA_DIR: dataDir,
      HOST: '127.0.0.1',
      PORT: String(port),
    },
    stdio: 'ignore',
  });
  await untilReady(`http://127.0.0.1:${port}`, child);
  const ms = performance.now() - startedAt;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
  return ms;
}
