// `npm start` on a built checkout with existing data: how long till it is ready.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, untilReady } from './environment.mjs';

/** @returns milliseconds from the command to ready, of each time but the first, which makes the data */
export async function startupTimes(count) {
  const dataDir = await mkdtemp(join(tmpdir(), 'fastpaca-bench-'));
  const times = [];
  try {
    for (let time = 0; time <= count; time += 1) times.push(await start(dataDir));
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
  return times.slice(1);
}

async function start(dataDir) {
  const port = await freePort();
  const at = performance.now();
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
  const ms = performance.now() - at;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
  return ms;
}
