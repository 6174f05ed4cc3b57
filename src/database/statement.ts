/**
 * A statement of a hot path. Its name makes it a prepared statement on each connection, which saves parsing and
 * planning on every call (TypeORM's own `query()` cannot name one). Names are unique in the service.
 */
export interface Statement {
  readonly name: string;
  readonly text: string;
  /** The statement changes data. Its commit may wait for a standby, so it may not use the connections kept for reads. */
  readonly writes?: true;
}
