// Scenario `reconnects`: readers of websockets and server-sent events disconnect at random moments and resume with their cursor,
// while clients append and compact. At the end every reader has received every version.
import { Checker } from './checker.mjs';
import { EmbeddedDatabase } from './embedded-database.mjs';
import { Load } from './load.mjs';
import { ServiceNode } from './service-node.mjs';
import { reconnectUntil, finishAll, followersOf } from './stream-follower.mjs';
import { until } from './waiting.mjs';

const READERS = 40;
const CONVERSATIONS = 6;
const WRITERS = 8;
const LIMIT_MS = 600_000;

export async function reconnects(context) {
  const { folder, verdict, random, canary, options, onEnd } = context;
  const dataDir = await folder.make('reconnects');
  const node = await ServiceNode.start(
    { name: 'reconnects', folder: dataDir, env: { DATA_DIR: dataDir } },
    context,
  );
  const database = new EmbeddedDatabase(dataDir);
  const load = new Load({
    nodes: [node],
    verdict,
    random,
    prefix: 'reconnects',
    canary,
    clients: WRITERS,
    conversations: CONVERSATIONS,
  });
  onEnd(() => load.abandon());
  for (const conversation of load.ledger.active) await load.create(conversation);
  // Readers keep their conversation when the clients switch to a new one.
  const followers = followersOf(load.ledger.active, READERS, { node, verdict, random });

  const reconnectsSoFar = () => verdict.figures.get('reconnects') ?? 0;
  const target = reconnectsSoFar() + options.reconnects;

  load.start();
  let over = false;
  onEnd(() => (over = true));
  const following = reconnectUntil(followers, () => over);
  await until('all reconnects', () => reconnectsSoFar() >= target, { limitMs: LIMIT_MS });
  over = true;
  await following;
  await load.stop();
  verdict.at = 'after all reconnects';
  await finishAll(followers);
  const query = (...statement) => database.query(...statement);
  await new Checker({ ledger: load.ledger, nodes: [node], verdict, query }).checkAll();
  await node.stop();
}
