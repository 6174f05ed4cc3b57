// Trouble of a failover: the synchronous standby is away, so that no commit ends, while clients go on to write. Appends
// may be answered 503; reads and health go on, the nodes do not use up the database's connections, and another client of
// the database gets in. When the standby is back, writes work again.
import { setTimeout as delay } from 'node:timers/promises';
import { conversationPath } from './http-client.mjs';

const AWAY_MS = 12_000;
const PROBE_EVERY_MS = 250;
/** Sessions of a node besides those of its pool: for notifications, and to cancel a statement. */
const BESIDES_THE_POOL = 4;
/** A probe may fail now and then, when a statement has just timed out. */
const FAILED_PROBES_ALLOWED = 0.1;

export async function standbyAway(stage) {
  const { pair, nodes, ledger = stage.load.ledger, verdict, query } = stage;
  const written = ledger.active.find(({ version }) => version > 0);
  const limit = nodes.length * (stage.constructor.POOL_SIZE + BESIDES_THE_POOL);
  const sessions = { most: 0, refused: 0 };
  const reads = { sent: 0, failed: 0, last: '' };
  const probe = async (node, path) => {
    const { status, text, problem, ms } = await node.http.send('GET', path);
    reads.sent += 1;
    verdict.highest('slowest answer ms', ms);
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
      sessions.refused += 1;
      sessions.problem = error.message;
    }
    await delay(PROBE_EVERY_MS);
  }
  await pair.standby.start();
  await pair.standbyIs('sync');

  verdict.highest('sessions with the standby away', sessions.most);
  if (sessions.most > limit)
    verdict.broken(
      'answers',
      `the nodes had ${sessions.most} sessions in the database, ${limit} are allowed`,
    );
  if (sessions.refused > 0)
    verdict.broken(
      'answers',
      `the database refused another client ${sessions.refused} times: ${sessions.problem}`,
    );
  if (reads.failed > reads.sent * FAILED_PROBES_ALLOWED)
    verdict.broken('answers', `${reads.failed} of ${reads.sent} reads failed, the last: ${reads.last}`);
}
