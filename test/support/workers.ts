import { randomUUID } from 'node:crypto';
import type { BuiltService } from './built-service.js';
import { eventually } from './eventually.js';
import type { HttpResponse } from './http-client.js';
import { RawConnection } from './raw-http.js';

/** A connection that a worker has accepted. */
export interface WorkerConnection {
  /** Process id of the worker. */
  pid: number;
  /** Sends a request on this connection. */
  request: (method: string, path: string, body?: unknown) => Promise<HttpResponse>;
  raw: RawConnection;
}

/** The workers of a service that was started with `FASTPACA_WORKERS`, as its log shows them. */
export class Workers {
  private readonly connections: RawConnection[] = [];

  constructor(private readonly service: () => BuiltService) {}

  /** Process ids of the workers that serve requests. */
  pids(): number[] {
    const records = this.service().records();
    const ended = records
      .filter(({ msg }) => /^a worker (has ended|cannot start)/.test(msg as string))
      .map(({ worker }) => worker as number);
    return records
      .filter(({ msg }) => msg === 'a worker accepts requests')
      .map(({ worker }) => worker as number)
      .filter((pid) => !ended.includes(pid));
  }

  /** Resolves to the worker that has logged the request with this id. */
  async pidOf(requestId: string): Promise<number> {
    return (await this.service().line(({ request_id }) => request_id === requestId)).pid as number;
  }

  /** Opens a connection, and finds out which worker has accepted it. */
  async connect(): Promise<WorkerConnection> {
    const raw = await RawConnection.open(this.service().url);
    this.connections.push(raw);
    const requestId = randomUUID();
    const response = await send(raw, 'GET', '/v1/conversations/nowhere', undefined, requestId);
    if (response.status !== 404) throw new Error(`unexpected response ${response.status}: ${response.text}`);
    return {
      pid: await this.pidOf(requestId),
      request: (method, path, body) => send(raw, method, path, body),
      raw,
    };
  }

  /** One connection to each worker. */
  async connectToEach(): Promise<WorkerConnection[]> {
    const byPid = new Map<number, WorkerConnection>();
    while (byPid.size < this.pids().length) {
      const connection = await this.connect();
      if (byPid.has(connection.pid)) connection.raw.close();
      else byPid.set(connection.pid, connection);
    }
    return [...byPid.values()];
  }

  /** Resolves when as many workers as in `pids` serve requests again, and to the one that is new. */
  async replacementOf(pids: readonly number[]): Promise<number> {
    const isNew = (pid: number) => !pids.includes(pid);
    await eventually('a new worker accepts requests', () => {
      const now = this.pids();
      return now.length === pids.length && now.some(isNew);
    });
    return this.pids().find(isNew)!;
  }

  closeConnections(): void {
    for (const connection of this.connections.splice(0)) connection.close();
  }
}

function send(
  connection: RawConnection,
  method: string,
  path: string,
  body?: unknown,
  requestId: string = randomUUID(),
): Promise<HttpResponse> {
  const text = body === undefined ? '' : JSON.stringify(body);
  return connection
    .write(
      `${method} ${path} HTTP/1.1\r\nhost: localhost\r\nx-request-id: ${requestId}\r\n` +
        `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
    )
    .response();
}
