import type pg from 'pg';
import { RoundTrip, type Fields } from './round-trip.js';
import { executeMessages } from './statement-messages.js';

type TypeId = Parameters<pg.ClientBase['getTypeParser']>[0];

interface Column {
  name: string;
  read: (text: string) => unknown;
}

/**
 * A statement that a connection has prepared under its name. PostgreSQL has described parameters and columns once, so an
 * execution sends and receives nothing but values.
 */
export class PreparedStatement {
  private readonly columns: readonly Column[];

  /** @param parameterTypes object ids */
  constructor(
    private readonly client: pg.ClientBase,
    private readonly name: string,
    private readonly parameterTypes: readonly number[],
    columns: readonly pg.FieldDef[],
  ) {
    this.columns = columns.map(({ name: column, dataTypeID }) => ({
      name: column,
      read: client.getTypeParser(dataTypeID as unknown as TypeId, 'text') as Column['read'],
    }));
  }

  /** @throws TypeError, RangeError as `executeMessages` */
  async execute<Row>(values: readonly unknown[]): Promise<Row[]> {
    const messages = executeMessages(this.name, this.parameterTypes, values);
    const { rows } = await RoundTrip.on(this.client, messages);
    return rows.map((fields) => this.toRow(fields) as Row);
  }

  private toRow(fields: Fields): Record<string, unknown> {
    const row: Record<string, unknown> = {};
    for (let index = 0; index < fields.length; index += 1) {
      const { name, read } = this.columns[index] as Column;
      const field = fields[index] as string | null;
      row[name] = field === null ? null : read(field);
    }
    return row;
  }
}
