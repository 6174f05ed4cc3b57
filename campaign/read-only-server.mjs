// Trouble of a failover: for a moment the proxy sends connections to the standby, which only reads, and then to the
// primary again without ending them, as a virtual address does that moved too early. A node must not keep connections to a
// server that takes no writes, and is not ready as long as it has no other.
import { setTimeout as delay } from 'node:timers/promises';

/** So long the proxy points at the standby before the nodes must have noticed, and while they are asked. */
const NOTICED_AFTER_MS = 2000;
const PROBES = 5;
const BETWEEN_PROBES_MS = 200;

export async function readOnlyServer({ pair, proxy, nodes, verdict }) {
  proxy.pointTo(pair.standby.port);
  proxy.cut();
  await delay(NOTICED_AFTER_MS);
  for (let probe = 0; probe < PROBES; probe += 1) {
    for (const node of nodes)
      if (await node.isReady())
        verdict.broken('answers', `${node.name} was ready on a server that only reads`);
    await delay(BETWEEN_PROBES_MS);
  }
  proxy.pointTo(pair.primary.port);
}
