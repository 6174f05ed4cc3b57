// What failovers happen on: two nodes of the service, behind a proxy that stands for the database's address, on a primary
// with a synchronous standby.
import { Checker } from './checker.mjs';
import { queryOnce } from './embedded-database.mjs';
import { Load } from './load.mjs';
import { PostgresPair } from './postgres-pair.mjs';
import { ServiceNode } from './service-node.mjs';
import { TcpProxy } from './tcp-proxy.mjs';
import { until } from './waiting.mjs';

/** Writes must work again by themselves so soon after the primary can be reached. */
const RECOVERY_LIMIT_MS = 30_000;

/** With clients and a checker. */
export class FailoverStage {
  static async create(context) {
    const { folder, verdict, random, canary, onEnd } = context;
    const stage = new FailoverStage();
    const pair = await PostgresPair.create(await folder.make('failovers'), onEnd);
    const proxy = await TcpProxy.start(pair.primary.port);
    onEnd(() => proxy.stop());
    const databaseUrl = `postgresql://fastpaca@127.0.0.1:${proxy.port}/fastpaca`;
    const nodes = [];
    for (const name of ['node-a', 'node-b']) {
      const env = { DATABASE_URL: databaseUrl, FASTPACA_POOL_SIZE: String(FailoverStage.POOL_SIZE) };
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
        await Promise.all(Array.from({ length: 2 * FailoverStage.POOL_SIZE }, write));
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

  /** Kills the primary and promotes a standby that has been severed from it; commits wait for no other yet. */
  async promoteSevered() {
    const { pair, proxy } = this;
    pair.primary.kill();
    await pair.promote();
    await pair.setSynchronous(false);
    proxy.pointTo(pair.primary.port);
    proxy.cut();
  }

  async stop() {
    for (const node of this.nodes) await node.stop();
    this.proxy.stop();
    await this.pair.stop();
  }
}
