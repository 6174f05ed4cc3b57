// Scenario `failovers`: two nodes behind a proxy, on a primary with a synchronous standby. Each failover kills, stops or
// isolates the primary while clients write on both nodes, promotes the standby, redirects the proxy to it, and creates a new
// standby. Other problems of a pair of servers are tested between the failovers.
import { setTimeout as delay } from 'node:timers/promises';
import { FailoverStage } from './failover-stage.mjs';
import { dumpIsRestored, standbyLacksEvents } from './lost-history.mjs';
import { readOnlyServer } from './read-only-server.mjs';
import { standbyAway } from './standby-away.mjs';

/** Minimum number of acknowledged appends before a failover. */
const BETWEEN_FAILOVERS = 300;
/** Longest random delay before a failover, in milliseconds. */
const LATER_MS = 500;
/** Each problem occurs once in `FAILOVERS_PER_CYCLE` failovers, and at least once. */
const PROBLEMS = [readOnlyServer, standbyAway, standbyLacksEvents, dumpIsRestored];
const FAILOVERS_PER_CYCLE = 5;

export async function failovers(context) {
  const { verdict, random, options, progress } = context;
  const stage = await FailoverStage.create(context);
  const { pair, proxy, load, checker } = stage;
  const ways = {
    kill: (server) => server.kill(),
    // Like a stop by an administrator: the server ends the connections.
    stop: (server) => server.stop('fast'),
    // Like a network partition: the server keeps running.
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

    const problem = (round - 1) % FAILOVERS_PER_CYCLE;
    const due = options.failovers < FAILOVERS_PER_CYCLE && round === options.failovers ? PROBLEMS : [];
    for (const each of due.length ? due : [PROBLEMS[problem]].filter(Boolean)) {
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
