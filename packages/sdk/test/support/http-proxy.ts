import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as the client sent it. */
export interface RecordedRequest {
  method: string;
  /** Includes the query. */
  path: string;
  headers: IncomingMessage['headers'];
  /** Parsed JSON; undefined if there is no body. */
  body: any;
}

type RequestFilter = (request: RecordedRequest) => boolean;

/** What the proxy does with a request instead of forwarding it and its response. */
export type Interception =
  /** Closes the connection without forwarding the request. */
  | { type: 'drop-request' }
  /** Forwards the request, and closes the connection instead of sending the response. */
  | { type: 'drop-response' }
  /** Sends the headers and the first bytes of the response body, then closes the connection. */
  | { type: 'truncate-response'; bytes: number }
  /** Keeps the connection open without forwarding the request or responding. */
  | { type: 'hang' }
  /** Responds without forwarding the request. */
  | { type: 'respond'; status: number; headers?: Record<string, string>; body?: string };

/** A proxy between a client and the service. It records requests, and simulates network errors and error responses. */
export class HttpProxy {
  readonly requests: RecordedRequest[] = [];
  /** The requests whose response has not ended. */
  readonly openRequests = new Set<RecordedRequest>();
  private readonly interceptions: { interception: Interception; matches: RequestFilter }[] = [];
  private server!: Server;

  private constructor(private readonly target: string) {}

  static async start(target: string): Promise<HttpProxy> {
    const proxy = new HttpProxy(target);
    proxy.server = createServer((from, to) => void proxy.forward(from, to)).listen(0, '127.0.0.1');
    await once(proxy.server, 'listening');
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Intercepts the next request that matches. Several interceptions are used in the order in which they were added. */
  interceptNext(interception: Interception, matches: RequestFilter = () => true): void {
    this.interceptions.push({ interception, matches });
  }

  /** The recorded requests with this method whose path, without the query, ends with `pathEnd`. */
  requestsTo(method: string, pathEnd: string): RecordedRequest[] {
    return this.requests.filter(
      (recorded) => recorded.method === method && recorded.path.split('?')[0]!.endsWith(pathEnd),
    );
  }

  closeConnections(): void {
    this.server.closeAllConnections();
  }

  async stop(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.closeConnections();
    await closed;
  }

  private async forward(from: IncomingMessage, to: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of from) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks);
    const { method = '', url: path = '', headers } = from;
    const recorded = { method, path, headers, body: text.length ? JSON.parse(text.toString()) : undefined };
    this.requests.push(recorded);
    this.openRequests.add(recorded);
    to.on('close', () => this.openRequests.delete(recorded));
    const index = this.interceptions.findIndex(({ matches }) => matches(recorded));
    const interception = index < 0 ? undefined : this.interceptions.splice(index, 1)[0]!.interception;
    if (interception?.type === 'hang') return;
    if (interception?.type === 'drop-request') {
      from.socket.destroy();
      return;
    }
    if (interception?.type === 'respond') {
      to.writeHead(interception.status, interception.headers).end(interception.body);
      return;
    }
    const forwarded = request(this.target + path, { method, headers, agent: false });
    forwarded.on('error', () => to.destroy());
    forwarded.on('response', (response) => {
      if (interception?.type === 'drop-response') {
        response.resume().on('end', () => from.socket.destroy());
        return;
      }
      to.writeHead(response.statusCode!, response.headers);
      if (interception?.type === 'truncate-response') sendTruncated(response, to, interception.bytes);
      else {
        response.pipe(to);
        response.on('error', () => to.destroy());
        to.on('close', () => response.destroy());
      }
    });
    forwarded.end(text);
  }
}

function sendTruncated(response: IncomingMessage, to: ServerResponse, bytes: number): void {
  let remaining = bytes;
  response.on('error', () => undefined);
  response.on('data', (chunk: Buffer) => {
    if (remaining <= 0) return;
    const isLast = chunk.length >= remaining;
    to.write(chunk.subarray(0, remaining), () => isLast && setTimeout(() => to.destroy(), 20));
    remaining -= chunk.length;
  });
}
