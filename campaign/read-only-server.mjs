// A problem of a failover: for a moment the proxy forwards connections to the standby, which is read-only, and then to the
// primary again without ending the connections, like a virtual IP address that moved too early. A node must drop connections to
// a read-only server, and must not be ready while it has no other server.
import { setTimeout as delay } from 'node:timers/promises';

/** Time for the nodes to notice the read-only server, in milliseconds. */
const NOTICED_AFTER_MS = 2000;
const PROBES = 5;
const BETWEEN_PROBES_MS = 200;

export async function readOnlyServer({ pair, proxy, nodes, verdict }) {
  proxy.pointTo(pair.standby.port);
  proxy.cut();
  await delay(NOTICED_AFTER_MS);
  for (let probe = 0; probe < PROBES; probe += 1) {
    for (const node of nodes)
      if (await node.isReady()) verdict.broken('responses', `${node.name} was ready on a read-only server`);
    await delay(BETWEEN_PROBES_MS);
  }
  proxy.pointTo(pair.primary.port);
}
