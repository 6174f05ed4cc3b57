import pg from 'pg';
import type { DatabaseServers } from './database-servers.js';

/** The server is a standby, or accepts no writes for another reason. */
export class ReadOnlyServerError extends Error {
  constructor() {
    super('The database server accepts no writes: it is a standby, or read-only by configuration');
  }
}

/** pg's configuration, and the servers to choose from. */
export type DatabaseClientConfig = pg.ClientConfig & { servers: DatabaseServers };

/** Parameters that a server since PostgreSQL 14 reports when it connects and whenever they change. */
const READ_ONLY_PARAMETERS = ['in_hot_standby', 'default_transaction_read_only'];

/** A connection to the server that accepts writes. The pool builds its connections with this class. */
export class DatabaseClient extends pg.Client {
  private readonly servers: DatabaseServers;
  private readonly url: string;
  private readonly generation: number;
  private readonly readOnlyParameters = new Set<string>();

  constructor({ servers, ...config }: DatabaseClientConfig) {
    super({ ...config, connectionString: servers.current });
    this.servers = servers;
    this.url = servers.current;
    this.generation = servers.currentGeneration;
    // For as long as it lives: the pool's own listener is missing while the client is handed out, and an error event
    // without a listener ends the process. The query in flight, or the next one, is rejected as well.
    this.on('error', () => undefined);
    this.internals.on('parameterStatus', ({ parameterName, parameterValue }: ParameterStatus) => {
      if (!READ_ONLY_PARAMETERS.includes(parameterName)) return;
      if (parameterValue === 'on') this.readOnlyParameters.add(parameterName);
      else this.readOnlyParameters.delete(parameterName);
    });
  }

  /** Whether the server is known to accept writes, as far as it says so, and nothing was heard to the contrary since. */
  get isUsable(): boolean {
    return this.readOnlyParameters.size === 0 && this.generation === this.servers.currentGeneration;
  }

  /** Process id of the backend on the server. */
  get backendPid(): number {
    return (this as unknown as { processID: number }).processID;
  }

  /** Closes the connection at once, whatever it is doing; a query in flight is rejected. */
  destroy(): void {
    this.internals.stream.destroy();
  }

  /** The server has rejected a write as read-only. Later reports of equally old connections change nothing. */
  reportReadOnly(): void {
    if (this.generation === this.servers.currentGeneration) this.servers.reportReadOnly(this.url);
  }

  override connect(): Promise<this>;
  override connect(callback: ((error: Error) => void) | ((error: null, client: pg.Client) => void)): void;
  override connect(callback?: (error: never, client: never) => void): Promise<this> | void {
    const connected = this.connectToPrimary();
    if (!callback) return connected;
    connected.then(
      (client) => callback(null as never, client as never),
      (error: unknown) => callback(error as never, undefined as never),
    );
  }

  /** The protocol's side of the client, which pg's types leave out. */
  private get internals(): pg.Connection {
    return (this as unknown as { connection: pg.Connection }).connection;
  }

  /** @throws ReadOnlyServerError */
  private async connectToPrimary(): Promise<this> {
    try {
      await super.connect();
      if (this.readOnlyParameters.size > 0) {
        await this.end();
        throw new ReadOnlyServerError();
      }
      return this;
    } catch (error) {
      this.servers.reportFailure(this.url);
      throw error;
    }
  }
}

interface ParameterStatus {
  parameterName: string;
  parameterValue: string;
}
