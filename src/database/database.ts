import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import type { Pool, QueryResult, QueryResultRow } from 'pg';
import { DataSource } from 'typeorm';
import { UnavailableError } from '../common/errors/common.errors.js';
import { Semaphore } from '../common/semaphore.js';
import { withTimeLimit } from '../common/time-limit.js';
import { AppConfig } from '../config/app-config.js';
import type { DatabaseClient } from './database-client.js';
import { DatabaseServers } from './database-servers.js';
import { isBroken, isReadOnly, toAppError } from './database.errors.js';
import { UnansweredConnections } from './unanswered-connections.js';
import type { Statement } from './statement.js';

/** Where a statement runs: on any connection of the pool, or in a transaction that somebody holds. */
export interface Executor {
  /**
   * Runs a named statement.
   *
   * @throws UnavailableError (503) when the database is away, the pool exhausted or a lock not to be had in time
   */
  query<Row extends QueryResultRow>(statement: Statement, values: unknown[]): Promise<Row[]>;
}

/** A connection of the pool. */
type PooledClient = DatabaseClient & { release: (destroy?: boolean) => void };

/** Share of the pool that writes leave to reads: one connection in four, at least one. */
const READ_SHARE = 1 / 4;
/** The server ends a statement at the database's time limit. How long after that its answer is waited for, in milliseconds. */
const ANSWER_GRACE_MS = 500;

/**
 * The pool that TypeORM holds, used directly where a statement must be named.
 *
 * A commit may wait for a synchronous standby that is away, and the server ends that wait neither by a time limit nor when
 * the client leaves. So the connection of a statement that is not answered in time stays in use until the server
 * answers, and writes never take all connections: the backends of a node are bounded, and reads go on.
 */
@Injectable()
export class Database implements Executor, BeforeApplicationShutdown {
  private readonly pool: Pool;
  private readonly servers: DatabaseServers;
  private readonly writeSlots: Semaphore;
  private readonly unanswered: UnansweredConnections;
  private readonly answerTimeoutMs: number;

  constructor(dataSource: DataSource, { poolSize, databaseTimeoutMs }: AppConfig) {
    this.pool = (dataSource.driver as unknown as { master: Pool }).master;
    this.servers = (this.pool.options as unknown as { servers: DatabaseServers }).servers;
    const readConnections = Math.max(1, Math.floor(poolSize * READ_SHARE));
    this.writeSlots = new Semaphore(
      poolSize - readConnections,
      databaseTimeoutMs,
      'Too many writes wait for the database; retry in a moment',
    );
    this.answerTimeoutMs = databaseTimeoutMs + ANSWER_GRACE_MS;
    this.unanswered = new UnansweredConnections(this.servers, databaseTimeoutMs);
  }

  query<Row extends QueryResultRow>(statement: Statement, values: unknown[]): Promise<Row[]> {
    const work = (client: DatabaseClient) => run<Row>(client, statement, values);
    return statement.writes ? this.withWriteSlot(work) : this.withClient(work);
  }

  /** Runs `work` in one transaction: committed when it resolves, rolled back when it throws. */
  transaction<T>(work: (tx: Executor) => Promise<T>): Promise<T> {
    return this.withWriteSlot(async (client) => {
      try {
        await client.query('BEGIN');
        const result = await work({ query: (statement, values) => run(client, statement, values) });
        await client.query('COMMIT');
        return result;
      } catch (error) {
        // A broken connection could only wait for its time limit once more.
        if (!isBroken(error)) await client.query('ROLLBACK');
        throw error;
      }
    });
  }

  /** Connections in use, idle, and callers waiting for one. */
  load(): { inUse: number; idle: number; waiting: number } {
    const { totalCount, idleCount, waitingCount } = this.pool;
    return {
      inUse: totalCount - idleCount,
      idle: idleCount,
      waiting: waitingCount + this.writeSlots.waitingCount,
    };
  }

  /** The pool can only end once every connection has been given back. */
  beforeApplicationShutdown(): void {
    this.unanswered.destroyAll();
  }

  private async withWriteSlot<T>(work: (client: DatabaseClient) => Promise<T>): Promise<T> {
    await this.writeSlots.acquire();
    return this.withClient(work, () => this.writeSlots.release());
  }

  /**
   * Runs `work` on a connection of the pool. `Pool.query` would do, but it ends the connection after every error, a
   * duplicate key too.
   *
   * @param onDone called when the connection is given back, which may be after the caller was answered
   */
  private async withClient<T>(
    work: (client: DatabaseClient) => Promise<T>,
    onDone: () => void = () => undefined,
  ): Promise<T> {
    let client: PooledClient;
    try {
      client = await this.servers.tryEach(() => this.connect());
    } catch (error) {
      onDone();
      throw toAppError(error);
    }
    const done = work(client).then(
      (result) => {
        client.release();
        onDone();
        return result;
      },
      (error: unknown) => {
        if (isReadOnly(error)) client.reportReadOnly();
        client.release(isBroken(error));
        onDone();
        throw toAppError(error);
      },
    );
    return withTimeLimit(done, this.answerTimeoutMs, () => {
      this.unanswered.add(client, done);
      return new UnavailableError('The database takes too long; whether a write was stored is not known');
    });
  }

  private async connect(): Promise<PooledClient> {
    for (;;) {
      const client = (await this.pool.connect()) as unknown as PooledClient;
      if (client.isUsable) return client;
      client.release(true);
    }
  }
}

async function run<Row extends QueryResultRow>(
  on: DatabaseClient,
  { name, text }: Statement,
  values: unknown[],
): Promise<Row[]> {
  const { rows }: QueryResult<Row> = await on.query<Row>({ name, text, values });
  return rows;
}
