import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A running Fastpaca: where its API is, and how it ends. */
export interface Service {
  baseUrl: string;
  stop: () => Promise<void>;
}

/** The one that FASTPACA_URL names, or one started from this repository, with its data in this folder. */
export async function startService(): Promise<Service> {
  const { FASTPACA_URL: baseUrl } = process.env;
  if (baseUrl) return { baseUrl, stop: () => Promise.resolve() };
  const child = spawn(process.execPath, [join(import.meta.dirname, '../../dist/src/main.js')], {
    env: {
      ...process.env,
      HOST: '127.0.0.1',
      PORT: '0',
      DATA_DIR: process.env.EXAMPLE_DATA_DIR ?? join(import.meta.dirname, 'data'),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true, // Ctrl-C reaches this process alone: it ends the service when its own requests are done
  });
  process.once('exit', () => child.kill('SIGTERM')); // whatever ends this process, no service is left behind
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const url = await new Promise<string>((resolve, reject) => {
    child.once('exit', (code) =>
      reject(new Error(`Fastpaca ended with ${code}; is it built? Run "npm run example".`)),
    );
    createInterface({ input: child.stdout }).on('line', (line) => {
      const { url: found, level, msg } = JSON.parse(line) as { url?: string; level: string; msg: string };
      if (found) resolve(found);
      if (level === 'error' || level === 'fatal') console.error(msg);
    });
  });
  return {
    baseUrl: `${url}/v1`,
    stop: () => {
      child.kill('SIGTERM');
      return ended;
    },
  };
}
