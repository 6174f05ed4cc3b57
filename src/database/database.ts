import { Injectable } from '@nestjs/common';
import type { Pool, PoolClient, QueryResult, QueryResultRow } from 'pg';
import { DataSource } from 'typeorm';
import { toAppError } from './database.errors.js';
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
    return run<Row>(this.pool, statement, values);
  }

  /** Runs `work` in one transaction: committed when it resolves, rolled back when it throws. */
  async transaction<T>(work: (tx: Executor) => Promise<T>): Promise<T> {
    const client = await this.connect();
    let broken: Error | undefined;
    try {
      await client.query('BEGIN');
      const result = await work({ query: (statement, values) => run(client, statement, values) });
      await client.query('COMMIT');
      return result;
    } catch (error) {
      // A connection that cannot even roll back is not given back to the pool.
      await client.query('ROLLBACK').catch((fault: unknown) => (broken = fault as Error));
      throw toAppError(error);
    } finally {
      client.release(broken);
    }
  }

  /** Connections in use, idle, and callers waiting for one. */
  load(): { inUse: number; idle: number; waiting: number } {
    const { totalCount, idleCount, waitingCount } = this.pool;
    return { inUse: totalCount - idleCount, idle: idleCount, waiting: waitingCount };
  }

  private async connect(): Promise<PoolClient> {
    try {
      return await this.pool.connect();
    } catch (error) {
      throw toAppError(error);
    }
  }
}

async function run<Row extends QueryResultRow>(
  on: Pool | PoolClient,
  { name, text }: Statement,
  values: unknown[],
) {
  try {
    const { rows }: QueryResult<Row> = await on.query<Row>({ name, text, values });
    return rows;
  } catch (error) {
    throw toAppError(error);
  }
}
