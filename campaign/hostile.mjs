// Scenario `hostile`: malformed and hostile requests from a seeded generator. No response may be a 500, every rejection must
// have the error shape and at most 64 KiB, the process must survive, valid requests in between must succeed, and a
// conversation that no valid request changes must keep its content.
import { errorShapeViolation } from './responses.mjs';
import { HealthWatch } from './health-watch.mjs';
import { hostileRequest } from './hostile-requests.mjs';
import { conversationPath } from './http-client.mjs';
import { RawConnection } from './raw-connection.mjs';
import { ServiceNode } from './service-node.mjs';

const SENDERS = 6;
/** A sender sends one valid request after this many hostile requests. */
const VALID_EVERY = 25;

export async function hostile(context) {
  const { folder, verdict, random, options, progress } = context;
  const dataDir = await folder.make('hostile');
  const node = await ServiceNode.start(
    { name: 'hostile', folder: dataDir, env: { DATA_DIR: dataDir } },
    context,
  );
  const control = await makeControl(node);
  for (const id of ['hostile', 'valid'])
    await node.http.send('PUT', conversationPath(id), { body: { token_budget: 1000 } });
  const before = await readControl(node, control);
  const health = new HealthWatch(node, verdict);
  const end = performance.now() + options.seconds * 1000;
  await Promise.all(
    Array.from({ length: SENDERS }, async (_, sender) => {
      const own = random.fork(`sender ${sender}`);
      for (let count = 1; performance.now() < end; count += 1) {
        await sendHostile(node, own, verdict, `sender ${sender}, request ${count}`);
        if (count % VALID_EVERY === 0) await sendValid(node, verdict);
      }
    }),
  );
  await health.stop();
  if ((await readControl(node, control)) !== before)
    verdict.broken('atomic', 'hostile requests have changed another conversation');
  const { peak } = node.memory;
  progress(
    `hostile: ${verdict.figures.get('hostile requests')} requests, peak ${Math.round(peak / 1024 / 1024)} MB, ` +
      `slowest health ${Math.round(health.slowestMs)} ms`,
  );
  await node.stop();
}

async function sendHostile(node, random, verdict, name) {
  const { kind, bytes, then } = hostileRequest(random, {
    host: new URL(node.url).host,
    headers: node.headers,
  });
  const connection = await RawConnection.open(node.url).catch(() => undefined);
  if (!connection) return; // the process has ended; ServiceNode reports it
  verdict.count('hostile requests');
  const pending = connection.firstResponse();
  const written = connection.write(bytes);
  if (then === 'finish') connection.finish();
  if (then === 'leave') {
    connection.close();
    await written;
    return;
  }
  const response = await pending;
  connection.close();
  const { status } = response;
  const report = (evidence) => verdict.broken('responses', `${name} (${kind}): ${evidence}`);
  if (response.problem === 'hangs') report('no response');
  else if (status === 500) report(response.text.slice(0, 300));
  else if (status >= 400 && status !== 431 && response.text) {
    verdict.count('rejected requests');
    const violation = errorShapeViolation(response);
    if (violation) report(violation);
  }
}

/** Sends a valid request, which must succeed. */
async function sendValid(node, verdict) {
  const body = { event: { role: 'user', content: 'an ordinary message' } };
  const response = await node.http.send('POST', conversationPath('valid', '/events'), { body });
  if (response.status !== 201 && response.status !== 0)
    verdict.broken('responses', `a valid append among hostile requests got the response ${response.text}`);
}

async function makeControl(node) {
  const path = conversationPath('control');
  await node.http.send('PUT', path, { body: { token_budget: 1000, metadata: { keep: 1 } } });
  const events = ['one', 'two', 'three'].map((content) => ({ role: 'user', content }));
  await node.http.send('POST', `${path}/events`, { body: { events, idempotency_key: 'control' } });
  return path;
}

async function readControl(node, path) {
  const responses = await Promise.all(
    ['', '/events', '/window'].map((rest) => node.http.send('GET', path + rest)),
  );
  return responses.map(({ text }) => text).join('\n');
}
