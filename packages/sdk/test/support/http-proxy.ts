import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What went through, as the client sent it. */
export interface SeenRequest {
  method: string;
  /** With the query. */
  path: string;
  headers: IncomingMessage['headers'];
  /** Parsed JSON, if there was a body. */
  body: any;
}

/** What happens to one request instead of being passed on. */
export type Fault =
  /** The service does not get it; the connection ends. */
  | { type: 'drop' }
  /** The service carries it out, and its answer is lost. */
  | { type: 'lose-answer' }
  /** The answer's head comes, and so many bytes of its body, before the connection ends. */
  | { type: 'truncate'; bytes: number }
  /** Nothing ever comes. */
  | { type: 'hang' }
  /** Answered here. */
  | { type: 'answer'; status: number; headers?: Record<string, string>; body?: string };

/** Stands between a client and the service, writes down what goes through, and does to it what networks do. */
export class HttpProxy {
  readonly seen: SeenRequest[] = [];
  /** Those of them whose answer has not ended. */
  readonly open = new Set<SeenRequest>();
  private readonly faults: { matches: (seen: SeenRequest) => boolean; fault: Fault }[] = [];
  private server!: Server;

  private constructor(private readonly target: string) {}

  static async start(target: string): Promise<HttpProxy> {
    const proxy = new HttpProxy(target);
    proxy.server = createServer((from, to) => void proxy.pass(from, to)).listen(0, '127.0.0.1');
    await once(proxy.server, 'listening');
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Does this to the next request that matches; several are used up in the order they were given. */
  next(fault: Fault, matches: (seen: SeenRequest) => boolean = () => true): void {
    this.faults.push({ fault, matches });
  }

  /** The requests of this method and path, without its query, that have come. */
  of(method: string, ending: string): SeenRequest[] {
    return this.seen.filter((seen) => seen.method === method && seen.path.split('?')[0]!.endsWith(ending));
  }

  /** Ends every connection there is. */
  cut(): void {
    this.server.closeAllConnections();
  }

  async stop(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.cut();
    await closed;
  }

  private async pass(from: IncomingMessage, to: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of from) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks);
    const { method = '', url: path = '', headers } = from;
    const seen = { method, path, headers, body: text.length ? JSON.parse(text.toString()) : undefined };
    this.seen.push(seen);
    this.open.add(seen);
    to.on('close', () => this.open.delete(seen));
    const index = this.faults.findIndex(({ matches }) => matches(seen));
    const fault = index < 0 ? undefined : this.faults.splice(index, 1)[0]!.fault;
    if (fault?.type === 'hang') return;
    if (fault?.type === 'drop') {
      from.socket.destroy();
      return;
    }
    if (fault?.type === 'answer') {
      to.writeHead(fault.status, fault.headers).end(fault.body);
      return;
    }
    const onward = request(this.target + path, { method, headers, agent: false });
    onward.on('error', () => to.destroy());
    onward.on('response', (answer) => {
      if (fault?.type === 'lose-answer') {
        answer.resume().on('end', () => from.socket.destroy());
        return;
      }
      to.writeHead(answer.statusCode!, answer.headers);
      if (fault?.type === 'truncate') truncated(answer, to, fault.bytes);
      else {
        answer.pipe(to);
        answer.on('error', () => to.destroy());
        to.on('close', () => answer.destroy());
      }
    });
    onward.end(text);
  }
}

function truncated(answer: IncomingMessage, to: ServerResponse, bytes: number): void {
  let left = bytes;
  answer.on('error', () => undefined);
  answer.on('data', (chunk: Buffer) => {
    if (left <= 0) return;
    const last = chunk.length >= left;
    to.write(chunk.subarray(0, left), () => last && setTimeout(() => to.destroy(), 20));
    left -= chunk.length;
  });
}
