// Messages of PostgreSQL's protocol: https://www.postgresql.org/docs/current/protocol-message-formats.html.
import { MessageWriter } from './message-writer.js';
import type { Statement } from './statement.js';

const TEXT_FORMAT = 0;
const BINARY_FORMAT = 1;
const NULL_LENGTH = -1;

/** Messages are complete within one call, so one writer is enough. */
const writer = new MessageWriter();

interface ElementType {
  /** Object id. */
  id: number;
  /** Writes an element and its length. */
  write: (element: unknown) => void;
}

const writeText = (element: unknown) => writer.text(element as string);
const writeInt4 = (element: unknown) => {
  writer.int32(4);
  writer.int32(element as number);
};
const writeInt8 = (element: unknown) => {
  writer.int32(8);
  writer.int64(element as number);
};

/** The elements of the array types that statements have, by the object id of the array type (pg_type.dat of PostgreSQL). */
const ELEMENT_TYPES = new Map<number, ElementType>([
  [199, { id: 114, write: writeText }], // json
  [1007, { id: 23, write: writeInt4 }],
  [1009, { id: 25, write: writeText }],
  [1016, { id: 20, write: writeInt8 }],
]);

/** The messages that prepare a statement under its name and ask for the types of its parameters and columns. */
export function prepareMessages({ name, text }: Statement): Buffer {
  writer.reset();
  const parse = writer.beginMessage('P');
  writer.cString(name);
  writer.cString(text);
  writer.int16(0); // no types of parameters: PostgreSQL finds them
  writer.endMessage(parse);
  const describe = writer.beginMessage('D');
  writer.cString(`S${name}`);
  writer.endMessage(describe);
  writer.endMessage(writer.beginMessage('S'));
  return writer.bytes();
}

/**
 * The messages that execute a prepared statement once and return its rows as text. Arrays travel in the binary format, so their
 * texts are neither escaped here nor parsed there. All other values travel as text.
 *
 * @param types object ids of the types of its parameters
 * @param values one per parameter: string, number, boolean, Date, null, undefined (null), or an array of strings or numbers
 * @throws TypeError another number of values, or an array for a type that is not known here
 * @throws RangeError a number in an array exceeds its type
 */
export function executeMessages(name: string, types: readonly number[], values: readonly unknown[]): Buffer {
  if (values.length !== types.length)
    throw new TypeError(`${name} has ${types.length} parameters, not ${values.length}`);
  writer.reset();
  const bind = writer.beginMessage('B');
  writer.cString(''); // the unnamed portal
  writer.cString(name);
  writer.int16(values.length);
  for (const value of values) writer.int16(Array.isArray(value) ? BINARY_FORMAT : TEXT_FORMAT);
  writer.int16(values.length);
  for (let index = 0; index < values.length; index += 1) writeValue(values[index], types[index] as number);
  writer.int16(1); // one format for all columns
  writer.int16(TEXT_FORMAT);
  writer.endMessage(bind);
  const execute = writer.beginMessage('E');
  writer.cString('');
  writer.int32(0); // all rows
  writer.endMessage(execute);
  writer.endMessage(writer.beginMessage('S'));
  return writer.bytes();
}

function writeValue(value: unknown, type: number): void {
  if (Array.isArray(value)) writeArray(value, type);
  else if (value === null || value === undefined) writer.int32(NULL_LENGTH);
  else writer.text(value instanceof Date ? value.toISOString() : `${value as string | number | boolean}`);
}

/** The format of array_recv in PostgreSQL's arrayfuncs.c. */
function writeArray(elements: readonly unknown[], type: number): void {
  const elementType = ELEMENT_TYPES.get(type);
  if (elementType === undefined) throw new TypeError(`arrays of type ${type} cannot be sent`);
  const array = writer.beginValue();
  writer.int32(elements.length > 0 ? 1 : 0); // dimensions
  writer.int32(1); // there may be nulls
  writer.int32(elementType.id);
  if (elements.length > 0) {
    writer.int32(elements.length);
    writer.int32(1); // index of the first element
  }
  for (const element of elements) {
    if (element === null || element === undefined) writer.int32(NULL_LENGTH);
    else elementType.write(element);
  }
  writer.endValue(array);
}
