// Scenario `reconnects`: readers on websockets and server-sent events that leave at random moments and resume with their
// cursor, while clients append and compact. In the end every reader has every version.
import { setTimeout as delay } from 'node:timers/promises';
import { Checker } from './checker.mjs';
import { EmbeddedDatabase } from './embedded-database.mjs';
import { conversationPath } from './http-client.mjs';
import { Load } from './load.mjs';
import { ServiceNode } from './service-node.mjs';
import { StreamFollower } from './stream-follower.mjs';

const READERS = 40;
const CONVERSATIONS = 6;
const WRITERS = 8;

export async function reconnects(context) {
  const { folder, verdict, random, canary, options, progress, onEnd } = context;
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
  const followers = Array.from({ length: READERS }, (_, index) => {
    const { id } = load.ledger.active[index % CONVERSATIONS];
    const kind = index % 2 ? 'websocket' : 'sse';
    return new StreamFollower({ node, id, kind, verdict, random: random.fork(`reader ${index}`) });
  });

  load.start();
  let left = options.reconnects;
  let done = 0;
  await Promise.all(
    followers.map(async (follower) => {
      while (left > 0) {
        left -= 1;
        if (!(await follower.visit())) {
          left += 1;
          await delay(50);
          continue;
        }
        verdict.count('reconnects');
        done += 1;
        if (done % 500 === 0) progress(`reconnects: ${done} of ${options.reconnects}`);
      }
    }),
  );
  await load.stop();
  verdict.at = 'after all reconnects';
  for (const follower of followers) {
    const { body } = await node.http.send('GET', conversationPath(follower.id));
    await follower.finish(body.version).catch((error) => verdict.broken('streams', error.message));
  }
  const query = (...statement) => database.query(...statement);
  await new Checker({ ledger: load.ledger, nodes: [node], verdict, query }).checkAll();
  await node.stop();
}
