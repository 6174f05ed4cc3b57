import type pg from 'pg';

/** The values of a row as PostgreSQL sends them as text; null for NULL. */
export type Fields = readonly (string | null)[];

/** What PostgreSQL has answered. */
export interface Reply {
  /** Only if the messages asked for a description. */
  columns: readonly pg.FieldDef[];
  rows: readonly Fields[];
}

/**
 * Messages that are sent with one system call, and the reply to them. The last message must be Sync. The client of pg calls the
 * `handle` methods; see pg/lib/client.js.
 */
export class RoundTrip implements pg.Submittable {
  private columns: readonly pg.FieldDef[] = [];
  private readonly rows: Fields[] = [];

  private constructor(
    private readonly messages: Buffer,
    private readonly resolve: (reply: Reply) => void,
    private readonly reject: (error: unknown) => void,
  ) {}

  /** @throws DatabaseError as PostgreSQL reported it @throws Error the connection was lost */
  static on(client: pg.ClientBase, messages: Buffer): Promise<Reply> {
    return new Promise((resolve, reject) => client.query(new RoundTrip(messages, resolve, reject)));
  }

  submit({ stream }: pg.Connection): void {
    // After the end of the connection, pg rejects all queries.
    if (stream.writable) stream.write(this.messages);
  }

  handleRowDescription({ fields }: { fields: readonly pg.FieldDef[] }): void {
    this.columns = fields;
  }

  handleDataRow({ fields }: { fields: Fields }): void {
    this.rows.push(fields);
  }

  handleCommandComplete(): void {
    // The rows are complete; ReadyForQuery follows.
  }

  handleReadyForQuery(): void {
    this.resolve({ columns: this.columns, rows: this.rows });
  }

  handleError(error: unknown): void {
    this.reject(error);
  }
}
