// Scenario `failovers`: two nodes behind a proxy, on a primary with a synchronous standby. Again and again the primary is
// killed, stopped or cut off while clients write on both nodes; the standby is promoted, the proxy is pointed at it, and a
// new standby is made. Between the failovers come the other ways in which a pair of servers gets into trouble.
import { setTimeout as delay } from 'node:timers/promises';
import { Checker } from './checker.mjs';
import { queryOnce } from './embedded-database.mjs';
import { Load } from './load.mjs';
import { dumpIsRestored, standbyLacksEvents } from './lost-history.mjs';
import { PostgresPair } from './postgres-pair.mjs';
import { readOnlyServer } from './read-only-server.mjs';
import { ServiceNode } from './service-node.mjs';
import { standbyAway } from './standby-away.mjs';
import { TcpProxy } from './tcp-proxy.mjs';
import { until } from './waiting.mjs';

/** Acknowledged appends before a failover, at least. */
const BETWEEN_FAILOVERS = 300;
/** The failover comes up to so much later. */
const LATER_MS = 500;
/** Writes must work again by themselves so soon after the new primary can be reached. */
const RECOVERY_LIMIT_MS = 30_000;
/** Each of these comes once in so many failovers, and at least once. */
const TROUBLES = [readOnlyServer, standbyAway, standbyLacksEvents, dumpIsRestored];
const FAILOVERS_PER_CYCLE = 5;

export async function failovers(context) {
  const { verdict, random, options, progress } = context;
  const stage = await Stage.create(context);
  const { pair, proxy, load, checker } = stage;
  const ways = {
    // The usual one.
    kill: (server) => server.kill(),
    // As an administrator does; the server itself ends the connections.
    stop: (server) => server.stop('fast'),
    // The network separates it: it goes on, and nobody hears it.
    isolate: () => undefined,
  };

  load.start();
  for (let round = 1; round <= options.failovers; round += 1) {
    const way = Object.keys(ways)[(round - 1) % 3];
    verdict.at = `failover ${round} (${way})`;
    await load.grow(BETWEEN_FAILOVERS);
    await delay(random.integer(0, LATER_MS));
    await ways[way](pair.primary);
    const former = await pair.promote();
    proxy.pointTo(pair.primary.port);
    proxy.cut();
    if (way === 'isolate') former.kill();
    // Half of the former primaries are rewound, half replaced.
    await pair.addStandby(round % 2 ? former : undefined);
    verdict.count('failovers');
    await stage.writesAgain();
    await checker.checkActive();
    progress(`failovers: ${round} of ${options.failovers} (${way})`);

    const trouble = (round - 1) % FAILOVERS_PER_CYCLE;
    const due = options.failovers < FAILOVERS_PER_CYCLE && round === options.failovers ? TROUBLES : [];
    for (const each of due.length ? due : [TROUBLES[trouble]].filter(Boolean)) {
      verdict.at = `${each.name} after failover ${round}`;
      progress(`failovers: ${each.name}`);
      await each(stage);
      await stage.writesAgain();
    }
  }
  verdict.at = 'after all failovers';
  await load.stop();
  await checker.checkAll();
  await stage.stop();
}

/** Two nodes on a pair of servers, with clients and a checker. */
class Stage {
  static async create(context) {
    const { folder, verdict, random, canary, onEnd } = context;
    const stage = new Stage();
    const pair = await PostgresPair.create(await folder.make('failovers'), onEnd);
    const proxy = await TcpProxy.start(pair.primary.port);
    onEnd(() => proxy.stop());
    const databaseUrl = `postgresql://fastpaca@127.0.0.1:${proxy.port}/fastpaca`;
    const nodes = [];
    for (const name of ['node-a', 'node-b']) {
      const env = { DATABASE_URL: databaseUrl, FASTPACA_POOL_SIZE: String(Stage.POOL_SIZE) };
      const path = await folder.make(name);
      nodes.push(await ServiceNode.start({ name, folder: path, env }, context));
    }
    const load = new Load({ nodes, verdict, random, prefix: 'failovers', canary });
    onEnd(() => load.abandon());
    const query = (text, values) =>
      queryOnce(`postgresql://fastpaca@127.0.0.1:${pair.primary.port}/fastpaca`, text, values);
    const checker = new Checker({ ledger: load.ledger, nodes, verdict, query });
    return Object.assign(stage, { pair, proxy, nodes, load, checker, query, verdict, canary });
  }

  /** Connections that a node may have to the database, but for one or two besides the pool. */
  static POOL_SIZE = 8;

  /** Resolves when both nodes write again, on all of their connections; evidence if they do not by themselves. */
  async writesAgain() {
    for (const node of this.nodes) {
      let problem = '';
      const write = async (_, index) => {
        const path = `/v1/conversations/recovery-${node.name}-${index}`;
        const answer = await node.http.send('PUT', path, { body: { token_budget: 1000 } });
        if (![200, 201].includes(answer.status)) problem = answer.problem ?? answer.text;
      };
      const works = async () => {
        problem = '';
        await Promise.all(Array.from({ length: 2 * Stage.POOL_SIZE }, write));
        return problem === '';
      };
      try {
        await until('writes', works, { limitMs: RECOVERY_LIMIT_MS, everyMs: 200 });
      } catch {
        this.verdict.broken(
          'survives',
          `${node.name} still fails writes after ${RECOVERY_LIMIT_MS / 1000} s: ${problem}`,
        );
        this.proxy.cut(); // as somebody has to do then
        await until('writes', works, { limitMs: RECOVERY_LIMIT_MS, everyMs: 200 });
      }
    }
  }

  async stop() {
    for (const node of this.nodes) await node.stop();
    this.proxy.stop();
    await this.pair.stop();
  }
}
