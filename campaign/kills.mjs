// Scenario `kills`: `kill -9` of the service, of one or all of its workers, of the embedded database's main process alone, of the
// whole database, and of service and database together, at random moments while clients write; and all database connections
// terminated at once. The checker compares the logs after each kill. Two services run in parallel, because most of the time is
// spent waiting for a start.
import { setTimeout as delay } from 'node:timers/promises';
import { Checker } from './checker.mjs';
import { EmbeddedDatabase } from './embedded-database.mjs';
import { Load } from './load.mjs';
import { ServiceNode } from './service-node.mjs';
import { reconnectUntil, finishAll, followersOf } from './stream-follower.mjs';
import { until } from './waiting.mjs';

const SERVICES = 2;
/** Clients of each service. */
const CLIENTS = 24;
/** Readers of streams; they reconnect after each kill. */
const READERS = 4;
/** Minimum number of acknowledged appends between two kills. */
const BETWEEN_KILLS = 60;
/** Longest random delay before a kill, in milliseconds. */
const LATER_MS = 300;
/** Before every third kill, all connections are terminated five times. Some connections are new each time. */
const KILLS_PER_CUT = 3;
const CUTS = 5;
const BETWEEN_CUTS_MS = 60;
/** Relative frequencies of the kinds of kills. Kinds with a faster recovery are more frequent. */
const WEIGHTS = { service: 2, postmaster: 3, database: 3, both: 2 };
const WEIGHTS_WITH_WORKERS = { ...WEIGHTS, worker: 6 };

export async function kills(context) {
  const { verdict, random, options } = context;
  const perService = Math.ceil(options.kills / SERVICES);
  await Promise.all(
    Array.from({ length: SERVICES }, (_, index) => {
      const name = `kills-${index + 1}`;
      const rounds = Math.min(perService, options.kills - index * perService);
      return killOne({ ...context, verdict: verdict.fork(), random: random.fork(name) }, name, rounds);
    }),
  );
}

async function killOne(context, name, rounds) {
  const { folder, verdict, random, canary, options, progress, onEnd } = context;
  const dataDir = await folder.make(name);
  const node = await ServiceNode.start({ name, folder: dataDir, env: { DATA_DIR: dataDir } }, context);
  const database = new EmbeddedDatabase(dataDir);
  const load = new Load({ nodes: [node], verdict, random, prefix: name, canary, clients: CLIENTS });
  const query = (...statement) => database.query(...statement);
  const checker = new Checker({ ledger: load.ledger, nodes: [node], verdict, query });
  const kinds = {
    service: async () => {
      await node.kill();
      await node.launch();
    },
    postmaster: () => restartsDatabase(() => database.killPostmaster()),
    database: () => restartsDatabase(() => database.killAll()),
    worker: async () => {
      const { workers } = node;
      const victims = random.chance(0.25) ? workers : [random.pick(workers)];
      await node.killWorkers(victims);
      verdict.count('workers killed', victims.length);
    },
    both: async () => {
      const killed = node.kill();
      database.killAll();
      await killed;
      await node.launch();
    },
  };
  const restartsDatabase = async (killIt) => {
    const { pid } = database;
    killIt();
    await until('the database runs again', () => database.isRunningAgain(pid), { limitMs: 120_000 });
    await node.ready();
  };

  let over = false;
  onEnd(() => {
    over = true;
    load.abandon();
  });
  for (const conversation of load.ledger.active) await load.create(conversation);
  const followers = followersOf(load.ledger.active, READERS, { node, verdict, random });
  load.start();
  const following = reconnectUntil(followers, () => over);
  for (let round = 1; round <= rounds; round += 1) {
    const kind = random.weighted(options.workers > 1 ? WEIGHTS_WITH_WORKERS : WEIGHTS);
    verdict.at = `${name}, kill ${round} (${kind})`;
    await load.grow(BETWEEN_KILLS);
    if (round % KILLS_PER_CUT === 0) {
      for (let cut = 0; cut < CUTS; cut += 1) {
        // If the service has exited, there is no database. ServiceNode reports that exit.
        if (await cutConnections(database).catch(() => undefined)) verdict.count('connection cuts');
        await delay(random.integer(0, BETWEEN_CUTS_MS));
      }
      await load.grow(BETWEEN_KILLS);
    }
    await delay(random.integer(0, LATER_MS));
    await node.ready(); // the service may have exited
    await kinds[kind]();
    verdict.count('kills');
    await checker.checkActive();
    if (round % 20 === 0) progress(`${name}: ${round} of ${rounds}`);
  }
  verdict.at = `${name}, after all kills`;
  await load.grow(BETWEEN_KILLS);
  over = true;
  await load.stop();
  await node.ready();
  await following;
  await finishAll(followers);
  await checker.checkAll();
  await node.stop();
}

/** Terminates every connection of the service, also during a statement. */
async function cutConnections(database) {
  return database.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid()`,
  );
}
