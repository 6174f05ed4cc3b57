import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import type { Pool, QueryResultRow } from 'pg';
import { DataSource } from 'typeorm';
import { UnavailableError } from '../common/errors/common.errors.js';
import { Semaphore } from '../common/semaphore.js';
import { withTimeLimit } from '../common/time-limit.js';
import { AppConfig } from '../config/app-config.js';
import type { DatabaseClient } from './database-client.js';
import { DatabaseServers } from './database-servers.js';
import { isBroken, isReadOnly, toAppError } from './database.errors.js';
import { TimedOutConnections } from './timed-out-connections.js';
import { statementChannel } from './statement-channel.js';
import type { Statement } from './statement.js';

/** Where a statement runs: on any connection of the pool, or in an open transaction. */
export interface Executor {
  /**
   * Runs a named statement.
   *
   * @throws UnavailableError (503) if the database is unavailable, the pool is exhausted or a lock is not acquired in time
   */
  query<Row extends QueryResultRow>(statement: Statement, values: unknown[]): Promise<Row[]>;
}

/** A connection of the pool. */
type PooledClient = DatabaseClient & { release: (destroy?: boolean) => void };

/** Fraction of the pool that is kept for reads; at least one connection. */
const READ_FRACTION = 1 / 4;
/** The server ends a statement at its time limit. A response is awaited so many milliseconds longer. */
const RESPONSE_GRACE_MS = 500;

/**
 * Runs statements on the pool of TypeORM's data source, because TypeORM itself cannot name a statement.
 *
 * A commit may wait for a synchronous standby that is unavailable. No time limit of the server ends that wait, and neither
 * does a client that disconnects. So a connection stays in use after its statement has timed out, until the server
 * responds. And writes never use all connections. Both together bound the backends of a node and keep reads working.
 */
@Injectable()
export class Database implements Executor, BeforeApplicationShutdown {
  private readonly pool: Pool;
  private readonly servers: DatabaseServers;
  private readonly writeSlots: Semaphore;
  private readonly timedOut: TimedOutConnections;
  private readonly responseTimeoutMs: number;

  constructor(dataSource: DataSource, { poolSize, databaseTimeoutMs }: AppConfig) {
    this.pool = (dataSource.driver as unknown as { master: Pool }).master;
    this.servers = (this.pool.options as unknown as { servers: DatabaseServers }).servers;
    const readConnections = Math.max(1, Math.floor(poolSize * READ_FRACTION));
    this.writeSlots = new Semaphore(
      poolSize - readConnections,
      databaseTimeoutMs,
      'Too many writes are waiting for the database; retry in a moment',
    );
    this.responseTimeoutMs = databaseTimeoutMs + RESPONSE_GRACE_MS;
    this.timedOut = new TimedOutConnections(this.servers, databaseTimeoutMs);
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
        // On a broken connection, ROLLBACK would only wait for the time limit again.
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

  /** The pool can only end after every connection has been released. */
  beforeApplicationShutdown(): void {
    this.timedOut.destroyAll();
  }

  private async withWriteSlot<T>(work: (client: DatabaseClient) => Promise<T>): Promise<T> {
    await this.writeSlots.acquire();
    return this.withClient(work, () => this.writeSlots.release());
  }

  /**
   * Runs `work` on a connection of the pool. `Pool.query` would close the connection after every error, even after a
   * duplicate key.
   *
   * @param onDone called when the connection is released, which may be after the returned promise was rejected
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
    return withTimeLimit(done, this.responseTimeoutMs, () => {
      this.timedOut.add(client, done);
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

function run<Row>(on: DatabaseClient, statement: Statement, values: unknown[]): Promise<Row[]> {
  if (!statementChannel.hasSubscribers) return on.run(statement, values);
  return statementChannel.tracePromise(() => on.run<Row>(statement, values), { statement });
}
