import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** What PostgreSQL says when a session may begin, and when an administrator ends it, as the protocol's messages. */
const READY_FOR_QUERY = Buffer.from('Z\0\0\0\x05I', 'latin1');
const FATAL = Buffer.from('SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0');
const FATAL_MESSAGE = Buffer.concat([
  Buffer.from('E\0\0\0', 'latin1'),
  Buffer.from([FATAL.length + 4]),
  FATAL,
]);

/** Stands between the service and its database, and can take it away in the ways a network does. */
export class TcpProxy {
  private server!: Server;
  private readonly pairs = new Set<[Socket, Socket | undefined]>();
  private stalled = false;
  /** The server's first ReadyForQuery on a connection brings a FATAL in the same packet, and the end. */
  fatalAfterReady = false;

  private constructor(
    private target: { host: string; port: number },
    private port = 0,
  ) {}

  static async start(databaseUrl: string): Promise<TcpProxy> {
    const proxy = new TcpProxy(addressOf(databaseUrl));
    await proxy.listen();
    return proxy;
  }

  /** New connections go to this server. */
  redirectTo(databaseUrl: string): void {
    this.target = addressOf(databaseUrl);
  }

  /** The same database, by way of the proxy. */
  through(databaseUrl: string): string {
    const url = new URL(databaseUrl);
    url.hostname = '127.0.0.1';
    url.port = String(this.port);
    return url.href;
  }

  /** Ends the connections there are; new ones go through. */
  cut(): void {
    for (const pair of this.pairs) for (const socket of pair) socket?.destroy();
  }

  /** Ends the connections, and refuses new ones. */
  async refuse(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.cut();
    await closed;
  }

  /** Keeps the connections and takes new ones, but not a byte goes either way. */
  stall(): void {
    this.stalled = true;
    for (const pair of this.pairs) for (const socket of pair) socket?.pause();
  }

  /** Back to normal. What was opened while stalled is ended, as a router that has forgotten it would. */
  async restore(): Promise<void> {
    this.stalled = false;
    for (const [near, far] of this.pairs) {
      if (far) [near, far].forEach((socket) => socket.resume());
      else near.destroy();
    }
    if (!this.server.listening) await this.listen();
  }

  async stop(): Promise<void> {
    if (this.server.listening) await this.refuse();
    else this.cut();
  }

  private async listen(): Promise<void> {
    this.server = createServer((near) => this.join(near)).listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
    this.port = (this.server.address() as AddressInfo).port;
  }

  private join(near: Socket): void {
    const far = this.stalled ? undefined : connect({ ...this.target, noDelay: true });
    near.setNoDelay(true);
    const pair: [Socket, Socket | undefined] = [near, far];
    this.pairs.add(pair);
    const end = () => {
      this.pairs.delete(pair);
      for (const socket of pair) socket?.destroy();
    };
    for (const socket of pair) socket?.on('error', end).on('close', end);
    near.on('data', (chunk) => far?.write(chunk));
    far?.on('data', (chunk) => {
      const isReady = this.fatalAfterReady && chunk.includes(READY_FOR_QUERY);
      near.write(isReady ? Buffer.concat([chunk, FATAL_MESSAGE]) : chunk);
      if (isReady) near.end();
    });
  }
}

function addressOf(databaseUrl: string): { host: string; port: number } {
  const { hostname, port } = new URL(databaseUrl);
  return { host: hostname, port: Number(port) };
}
