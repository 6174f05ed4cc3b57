// A proxy between the nodes and the database, like a load balancer or a virtual IP address. The proxy can switch to another
// server, with or without ending the existing connections, and counts the bytes.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

export class TcpProxy {
  /** Bytes forwarded in both directions. */
  bytes = 0;
  pairs = new Set();

  static async start(targetPort) {
    const proxy = new TcpProxy();
    proxy.targetPort = targetPort;
    proxy.server = createServer((near) => proxy.join(near)).listen(0, '127.0.0.1');
    await once(proxy.server, 'listening');
    proxy.port = proxy.server.address().port;
    return proxy;
  }

  /** Forwards new connections to this port. Existing connections remain open. */
  pointTo(port) {
    this.targetPort = port;
  }

  /** Ends all existing connections. */
  cut() {
    for (const pair of this.pairs) for (const socket of pair) socket.destroy();
  }

  stop() {
    this.server.close();
    this.cut();
  }

  join(near) {
    const far = connect({ host: '127.0.0.1', port: this.targetPort, noDelay: true });
    near.setNoDelay(true);
    const pair = [near, far];
    this.pairs.add(pair);
    const end = () => {
      this.pairs.delete(pair);
      for (const socket of pair) socket.destroy();
    };
    for (const [from, to] of [pair, pair.toReversed()]) {
      from.on('error', end).on('close', end);
      from.on('data', (chunk) => {
        this.bytes += chunk.length;
        to.write(chunk);
      });
    }
  }
}
