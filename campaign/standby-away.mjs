// A problem of a pair of servers: the synchronous standby is down, and no commit completes, while clients keep writing. Appends
// may get 503. Reads and health checks must succeed, the nodes must not exhaust the connections of the database, and another
// client of the database must be able to connect. After the standby has returned, writes must succeed again.
import { setTimeout as delay } from 'node:timers/promises';
import { conversationPath } from './http-client.mjs';

const AWAY_MS = 12_000;
const PROBE_EVERY_MS = 250;
/** Sessions of a node outside its pool, for notifications and cancel requests. */
const EXTRA_SESSIONS = 4;
/** Fraction of probes that may fail, because a statement may just have timed out. */
const FAILED_PROBES_ALLOWED = 0.1;

export async function standbyAway(stage) {
  const { pair, nodes, ledger = stage.load.ledger, verdict, query } = stage;
  const written = ledger.active.find(({ version }) => version > 0);
  const limit = nodes.length * (stage.constructor.POOL_SIZE + EXTRA_SESSIONS);
  const sessions = { most: 0, rejected: 0 };
  const reads = { sent: 0, failed: 0, last: '' };
  const probe = async (node, path) => {
    const { status, text, problem, ms } = await node.http.send('GET', path);
    reads.sent += 1;
    verdict.highest('slowest response ms', ms);
    if (status === 200) return;
    reads.failed += 1;
    reads.last = `${node.name} GET ${path}: ${problem ?? `${status} ${text.slice(0, 200)}`}`;
  };

  await pair.standby.stop('immediate');
  const end = performance.now() + AWAY_MS;
  while (performance.now() < end) {
    const path = conversationPath(written.id);
    for (const node of nodes)
      for (const each of [
        '/health/live',
        '/health/ready',
        path,
        `${path}/events?from_seq=-5`,
        `${path}/window`,
      ])
        await probe(node, each);
    try {
      const [{ count }] = await query(
        'SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
      );
      sessions.most = Math.max(sessions.most, count);
    } catch (error) {
      sessions.rejected += 1;
      sessions.problem = error.message;
    }
    await delay(PROBE_EVERY_MS);
  }
  await pair.standby.start();
  await pair.standbyIs('sync');

  verdict.highest('sessions with the standby away', sessions.most);
  if (sessions.most > limit)
    verdict.broken(
      'responses',
      `the nodes had ${sessions.most} sessions in the database, ${limit} are allowed`,
    );
  if (sessions.rejected > 0)
    verdict.broken(
      'responses',
      `the database rejected another client ${sessions.rejected} times: ${sessions.problem}`,
    );
  if (reads.failed > reads.sent * FAILED_PROBES_ALLOWED)
    verdict.broken('responses', `${reads.failed} of ${reads.sent} reads failed, the last: ${reads.last}`);
}
