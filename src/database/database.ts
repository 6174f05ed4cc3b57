import { Injectable } from '@nestjs/common';
import type { Pool, PoolClient, QueryResult, QueryResultRow } from 'pg';
import { DataSource } from 'typeorm';
import { isBroken, toAppError } from './database.errors.js';
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

/** The pool that TypeORM holds, used directly where a statement must be named. */
@Injectable()
export class Database implements Executor {
  private readonly pool: Pool;

  constructor(dataSource: DataSource) {
    this.pool = (dataSource.driver as unknown as { master: Pool }).master;
  }

  query<Row extends QueryResultRow>(statement: Statement, values: unknown[]): Promise<Row[]> {
    return this.withClient((client) => run<Row>(client, statement, values));
  }

  /** Runs `work` in one transaction: committed when it resolves, rolled back when it throws. */
  transaction<T>(work: (tx: Executor) => Promise<T>): Promise<T> {
    return this.withClient(async (client) => {
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
    return { inUse: totalCount - idleCount, idle: idleCount, waiting: waitingCount };
  }

  /** Hands out a connection. `Pool.query` would do, but it ends the connection after every error, a duplicate key too. */
  private async withClient<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    let client: PoolClient | undefined;
    let broken: Error | undefined;
    // The statement under way is told as well; without a listener the loss of its connection would end the process.
    const onError = (error: Error) => (broken = error);
    try {
      client = await this.pool.connect();
      client.on('error', onError);
      return await work(client);
    } catch (error) {
      if (isBroken(error)) broken = error;
      throw toAppError(error);
    } finally {
      client?.off('error', onError);
      client?.release(broken);
    }
  }
}

async function run<Row extends QueryResultRow>(
  on: PoolClient,
  { name, text }: Statement,
  values: unknown[],
): Promise<Row[]> {
  const { rows }: QueryResult<Row> = await on.query<Row>({ name, text, values });
  return rows;
}
