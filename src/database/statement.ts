/**
 * An SQL statement with a name that is unique in the service. Each connection prepares it once under that name, which
 * saves parsing and planning on later calls.
 */
export interface Statement {
  readonly name: string;
  readonly text: string;
  /** The statement changes data. Its commit may wait for a standby, so it must not use the connections kept for reads. */
  readonly writes?: true;
}
