// Scenario `reconnects`: readers on websockets and server-sent events that leave at random moments and resume with their
// cursor, while clients append and compact. In the end every reader has every version.
import { Checker } from './checker.mjs';
import { EmbeddedDatabase } from './embedded-database.mjs';
import { Load } from './load.mjs';
import { ServiceNode } from './service-node.mjs';
import { comeAndGo, finishAll, followersOf } from './stream-follower.mjs';
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
  // The readers of a conversation stay with it when the clients go on to another.
  const followers = followersOf(load.ledger.active, READERS, { node, verdict, random });

  const reconnectsSoFar = () => verdict.figures.get('reconnects') ?? 0;
  const target = reconnectsSoFar() + options.reconnects;

  load.start();
  let over = false;
  onEnd(() => (over = true));
  const following = comeAndGo(followers, () => over);
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
