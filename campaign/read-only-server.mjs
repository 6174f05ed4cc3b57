// Trouble of a failover: for a moment the proxy sends connections to the standby, which only reads, and then to the
// primary again without ending them, as a virtual address does that moved too early. A node must not keep connections to a
// server that takes no writes, and is not ready as long as it has no other.
import { setTimeout as delay } from 'node:timers/promises';
import { until } from './waiting.mjs';

/** So long the proxy points at the standby. */
const ON_STANDBY_MS = 3000;

export async function readOnlyServer({ pair, proxy, nodes, verdict }) {
  proxy.pointTo(pair.standby.port);
  proxy.cut();
  const wasNotReady = nodes.map((node) => ({ node, seen: false }));
  const end = performance.now() + ON_STANDBY_MS;
  await until(
    'the nodes have noticed',
    async () => {
      for (const each of wasNotReady) each.seen ||= !(await each.node.isReady());
      return performance.now() > end;
    },
    { everyMs: 100 },
  );
  for (const { node, seen } of wasNotReady)
    if (!seen) verdict.broken('answers', `${node.name} was ready all the time on a server that only reads`);
  proxy.pointTo(pair.primary.port);
  await delay(100);
}
