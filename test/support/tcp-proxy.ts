import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Messages of the PostgreSQL protocol: the session is ready, and an administrator terminates the session. */
const READY_FOR_QUERY = Buffer.from('Z\0\0\0\x05I', 'latin1');
const FATAL = Buffer.from('SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0');
const FATAL_MESSAGE = Buffer.concat([
  Buffer.from('E\0\0\0', 'latin1'),
  Buffer.from([FATAL.length + 4]),
  FATAL,
]);

/** A TCP proxy between the service and its database that simulates network failures. */
export class TcpProxy {
  private server!: Server;
  private readonly pairs = new Set<[Socket, Socket | undefined]>();
  private stalled = false;
  /** Appends a FATAL message to the packet with the first ReadyForQuery of each connection, then closes it. */
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

  /** Forwards new connections to this server. */
  redirectTo(databaseUrl: string): void {
    this.target = addressOf(databaseUrl);
  }

  /** The URL of the same database through the proxy. */
  through(databaseUrl: string): string {
    const url = new URL(databaseUrl);
    url.hostname = '127.0.0.1';
    url.port = String(this.port);
    return url.href;
  }

  /** Closes all connections. New connections are accepted. */
  cut(): void {
    for (const pair of this.pairs) for (const socket of pair) socket?.destroy();
  }

  /** Closes all connections and refuses new connections. */
  async refuse(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.cut();
    await closed;
  }

  /** Keeps all connections and accepts new connections, but forwards no data. */
  stall(): void {
    this.stalled = true;
    for (const pair of this.pairs) for (const socket of pair) socket?.pause();
  }

  /** Ends `refuse` and `stall`. Closes connections that were opened while stalled, like a router that lost its state. */
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
