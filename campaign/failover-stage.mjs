// The set-up of the failovers: two nodes that connect to the database through a proxy, a primary with a synchronous standby,
// clients and a checker.
import { Checker } from './checker.mjs';
import { queryOnce } from './embedded-database.mjs';
import { Load } from './load.mjs';
import { PostgresPair } from './postgres-pair.mjs';
import { ServiceNode } from './service-node.mjs';
import { TcpProxy } from './tcp-proxy.mjs';
import { until } from './waiting.mjs';

/** Time in milliseconds within which writes must succeed after the primary has become reachable. */
const RECOVERY_LIMIT_MS = 30_000;

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

  /** Pool size of a node. A node may have one or two more connections. */
  static POOL_SIZE = 8;

  /** Resolves when both nodes can write on all of their connections. Reports a node that does not recover by itself. */
  async writesAgain() {
    for (const node of this.nodes) {
      let problem = '';
      const write = async (_, index) => {
        const path = `/v1/conversations/recovery-${node.name}-${index}`;
        const response = await node.http.send('PUT', path, { body: { token_budget: 1000 } });
        if (![200, 201].includes(response.status)) problem = response.problem ?? response.text;
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
        this.proxy.cut(); // as an operator would have to do
        await until('writes', works, { limitMs: RECOVERY_LIMIT_MS, everyMs: 200 });
      }
    }
  }

  /** Kills the primary and promotes a standby that no longer receives its changes. Commits wait for no standby. */
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
