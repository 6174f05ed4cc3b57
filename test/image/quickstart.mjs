import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IMAGE } from './image.mjs';
import { readReadme, withoutTimes } from './readme.mjs';

const READY = 'http://localhost:4000/health/ready';
const LOG = 'http://localhost:4000/v1/conversations/demo/events?cursor=0';
const CURL = 'curl --silent --show-error --fail-with-body';

/**
 * Runs the README's quickstart against a container, then continues on the same volume with new containers.
 *
 * @returns milliseconds from the start of a container until it was ready, by the database that it found
 */
export async function checkQuickstart({ containers, checks }) {
  const { dockerRun, requests, responses } = await readReadme();
  const readyMs = {};

  /** Starts a container with the command of the README, and waits until it is ready. */
  async function start(kind) {
    const startedAt = performance.now();
    const container = await containers.shell(dockerRun);
    await containers.untilOk(container, READY);
    readyMs[kind] = Math.round(performance.now() - startedAt);
    return container;
  }

  let container;
  const isStarted = await checks.check(`"${dockerRun}" starts the service`, async () => {
    container = await start('a new database');
  });
  if (!isStarted) return readyMs;
  for (const [index, request] of requests.entries()) {
    await checks.check(
      `the README's ${titleOf(request)} receives the response that the README shows`,
      async () => {
        const response = await containers.shell(request.replace('curl', CURL));
        assert.deepEqual(withoutTimes(response), withoutTimes(responses[index]));
      },
    );
  }
  await checkProcess({ containers, checks }, container);

  const log = await readLog();
  await checks.check('SIGTERM stops the container with exit code 0', async () => {
    assert.equal(await containers.stop(container), 0);
  });
  await checks.check('a new container on the same volume has the conversation', async () => {
    await containers.podman('rm', container);
    container = await start('an existing database');
    assert.deepEqual(await readLog(), log);
  });
  await checks.check('a new container has the conversation after the last one was killed', async () => {
    await containers.podman('kill', '--signal', 'KILL', container);
    await containers.podman('rm', container);
    container = await start('the database of a killed container');
    assert.deepEqual(await readLog(), log);
    assert.equal(await containers.stop(container), 0);
  });
  return readyMs;
}

async function checkProcess({ containers, checks }, container) {
  await checks.check('the service is process 1 of the container and runs as user 1000', async () => {
    const command = 'tr "\\0" " " < /proc/1/cmdline; id -u';
    const output = await containers.podman('exec', container, 'sh', '-c', command);
    assert.match(output, /^node .*dist\/src\/main\.js \n?1000$/);
  });
  await checks.check('the health check of the image succeeds', () => containers.untilHealthy(container));
}

/** A folder of the host belongs to root unless somebody changes that. */
export async function checkForeignFolder({ containers, checks }) {
  await checks.check(
    'a container ends with one line if its user may not use the folder at /data',
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'fastpaca-data-'));
      await chmod(folder, 0o755);
      try {
        await assert.rejects(
          containers.podman('run', '--rm', '--timeout', '60', '--volume', `${folder}:/data`, IMAGE),
          /User \\"node\\" may not use \/data\b.*: use a data folder that this user may write to/,
        );
      } finally {
        await rm(folder, { recursive: true });
      }
    },
  );
}

/** `PUT /v1/conversations/demo` */
function titleOf(request) {
  const [, method = 'GET'] = /-X (\w+)/.exec(request) ?? [];
  const [, path] = /localhost:4000([^\s"]+)/.exec(request);
  return `${method} ${path}`;
}

async function readLog() {
  const response = await fetch(LOG);
  assert.equal(response.status, 200);
  return response.json();
}
