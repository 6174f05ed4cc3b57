import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { MissingVariableError, readComposeFile } from './compose-file.mjs';
import { IMAGE } from './image.mjs';

const NETWORK = 'fastpaca-compose';
const VARIABLES = { FASTPACA_API_KEY: 'key-of-the-image-test', POSTGRES_PASSWORD: 'password4711' };

/**
 * Starts the services of compose.yaml one by one, as Docker Compose would do, and uses them.
 *
 * @param images the image to run for each one that the file names
 */
export async function checkCompose({ containers, checks, images }) {
  const text = await readFile('compose.yaml', 'utf8');
  for (const name of Object.keys(VARIABLES)) {
    await checks.check(`compose.yaml is refused without ${name}`, () => {
      assert.throws(() => readComposeFile(text, { ...VARIABLES, [name]: '' }), MissingVariableError);
    });
  }
  const { services } = readComposeFile(text, VARIABLES);
  const isStarted = await checks.check(
    'the services of compose.yaml start in the order of depends_on',
    async () => {
      await containers.podman('network', 'create', NETWORK);
      for (const name of startOrder(services))
        await startService({ containers, images }, name, services[name]);
    },
  );
  if (!isStarted) return;

  const nodes = Object.keys(services).filter((name) => name !== 'postgres');
  await checkNodes(
    { checks },
    nodes.map((name) => urlOf(services[name])),
  );
  await checks.check('the image migrates the database of DATABASE_URL', async () => {
    const { DATABASE_URL } = services[nodes[0]].environment;
    const options = ['--rm', '--network', NETWORK, '--env', `DATABASE_URL=${DATABASE_URL}`];
    const command = ['node', 'dist/src/cli/fastpaca.js', 'migrate'];
    const output = await containers.podman('run', ...options, IMAGE, ...command);
    assert.match(output, /The schema is up to date/);
  });
  await checks.check('SIGTERM stops both nodes with exit code 0', async () => {
    assert.deepEqual(await Promise.all(nodes.map((name) => containers.stop(name))), [0, 0]);
  });
}

/** A service after those that it depends on. */
function startOrder(services) {
  const order = [];
  const visit = (name) => {
    for (const dependency of Object.keys(services[name].depends_on ?? {})) visit(dependency);
    if (!order.includes(name)) order.push(name);
  };
  Object.keys(services).forEach(visit);
  return order;
}

async function startService({ containers, images }, name, service) {
  const { image, environment, ports = [], volumes = [], healthcheck } = service;
  const options = [
    ...Object.entries(environment).flatMap(([variable, value]) => ['--env', `${variable}=${value}`]),
    ...ports.flatMap((port) => ['--publish', port]),
    ...volumes.flatMap((volume) => ['--volume', volume]),
    ...['--network', NETWORK, '--network-alias', name],
  ];
  await containers.podman('run', '--detach', '--name', name, ...options, images[image]);
  const [kind, ...command] = healthcheck.test;
  assert.equal(kind, 'CMD');
  await containers.until(name, () => containers.podman('exec', name, ...command));
}

/** The address on this machine of the published port 4000. */
function urlOf({ ports }) {
  const [port] = ports.map((mapping) => mapping.split(':')).find(([, target]) => target === '4000');
  return `http://localhost:${port}`;
}

async function checkNodes({ checks }, [first, second]) {
  const conversation = '/v1/conversations/shared';
  await checks.check('a node rejects a request without the key', async () => {
    assert.equal((await fetch(`${first}${conversation}`)).status, 401);
  });
  await checks.check('one node reads what the other one has stored', async () => {
    await send('PUT', `${first}${conversation}`, { token_budget: 1000 });
    const event = { role: 'user', content: 'Hello from the first node' };
    const appended = await send('POST', `${first}${conversation}/events`, { event });
    assert.equal(appended.seq, 1);
    const { messages } = await send('GET', `${second}${conversation}/window`);
    assert.deepEqual(
      messages.map(({ parts }) => parts),
      [[{ type: 'text', text: event.content }]],
    );
  });
}

async function send(method, url, body) {
  const response = await fetch(url, {
    method,
    headers: { authorization: `Bearer ${VARIABLES.FASTPACA_API_KEY}`, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  });
  assert.ok(response.ok, `${method} ${url} answered ${response.status}`);
  return response.json();
}
