import pg from 'pg';
import type { DatabaseServers } from './database-servers.js';
import { PreparedStatement } from './prepared-statement.js';
import { RoundTrip } from './round-trip.js';
import { prepareMessages } from './statement-messages.js';
import type { Statement } from './statement.js';

/** The server accepts no writes. */
export class ReadOnlyServerError extends Error {
  constructor() {
    super('The database server accepts no writes: it is a standby, or read-only by configuration');
  }
}

/** pg's configuration, and the servers to choose from. */
export type DatabaseClientConfig = pg.ClientConfig & { servers: DatabaseServers };

/** Parameters that PostgreSQL 14 and later reports when a client connects and whenever they change. */
const READ_ONLY_PARAMETERS = ['in_hot_standby', 'default_transaction_read_only'];

/** A connection to the server that accepts writes. The pool builds its connections with this class. */
export class DatabaseClient extends pg.Client {
  private readonly servers: DatabaseServers;
  private readonly url: string;
  private readonly generation: number;
  private readonly readOnlyParameters = new Set<string>();
  /** By name. */
  private readonly preparedStatements = new Map<string, PreparedStatement>();
  /** Object ids of the types of the parameters that PostgreSQL has described last. */
  private describedParameters: readonly number[] = [];

  constructor({ servers, ...config }: DatabaseClientConfig) {
    super({ ...config, connectionString: servers.current });
    this.servers = servers;
    this.url = servers.current;
    this.generation = servers.currentGeneration;
    // The pool removes its own listener while a client is checked out, and an error event without a listener ends the
    // process. No error is lost: the query in flight, or the next one, is rejected too.
    this.on('error', () => undefined);
    // pg does not pass this message on to the query in progress.
    this.internals.on('parameterDescription', ({ dataTypeIDs }: { dataTypeIDs: readonly number[] }) => {
      this.describedParameters = dataTypeIDs;
    });
    this.internals.on('parameterStatus', ({ parameterName, parameterValue }: ParameterStatus) => {
      if (!READ_ONLY_PARAMETERS.includes(parameterName)) return;
      if (parameterValue === 'on') this.readOnlyParameters.add(parameterName);
      else this.readOnlyParameters.delete(parameterName);
    });
  }

  /** False if the server has reported that it is read-only, or if a server was found to be read-only since the connection was made. */
  get isUsable(): boolean {
    return this.readOnlyParameters.size === 0 && this.generation === this.servers.currentGeneration;
  }

  /** Process id of the backend on the server. */
  get backendPid(): number {
    return (this as unknown as { processID: number }).processID;
  }

  /** Runs a named statement, which the connection prepares at its first use. One at a time. */
  async run<Row>(statement: Statement, values: readonly unknown[]): Promise<Row[]> {
    const prepared = this.preparedStatements.get(statement.name) ?? (await this.prepareNamed(statement));
    return prepared.execute(values);
  }

  private async prepareNamed(statement: Statement): Promise<PreparedStatement> {
    const { columns } = await RoundTrip.on(this, prepareMessages(statement));
    const prepared = new PreparedStatement(this, statement.name, this.describedParameters, columns);
    this.preparedStatements.set(statement.name, prepared);
    return prepared;
  }

  /** Closes the connection immediately; a query in flight is rejected. */
  destroy(): void {
    this.internals.stream.destroy();
  }

  /** To be called when the server has rejected a write as read-only. Only the first report of a generation has an effect. */
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

  /** The protocol connection of the client. The types of pg omit it. */
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
