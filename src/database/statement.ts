/**
 * A statement of a hot path. Its name makes it a prepared statement on each connection, which saves parsing and
 * planning on every call (TypeORM's own `query()` cannot name one). Names are unique in the service.
 */
export interface Statement {
  readonly name: string;
  readonly text: string;
  /** It changes something: by itself it may wait long for its commit, and writes leave some connections to reads. */
  readonly writes?: true;
}
