import { escapeIdentifier } from 'pg';

/**
 * The tables of the schema with their columns, in alphabetical order; partitions belong to their table. `migrations` is
 * part of the header. Generated columns cannot be written.
 */
export const LIST_TABLES = `
  SELECT c.relname AS name, array_agg(a.attname::text ORDER BY a.attnum) AS columns
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
   WHERE c.relnamespace = to_regnamespace('fastpaca') AND c.relkind IN ('r', 'p') AND NOT c.relispartition
     AND c.relname <> 'migrations' AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
   GROUP BY c.relname
   ORDER BY c.relname`;

export const LIST_MIGRATIONS = 'SELECT name FROM fastpaca.migrations ORDER BY timestamp, id';

/** For the rest of the transaction: one text for each value, whatever the settings of the server and the role are. */
export const EXACT_TEXT = `
  SET LOCAL timezone = 'UTC'; SET LOCAL datestyle = 'ISO'; SET LOCAL intervalstyle = 'postgres';
  SET LOCAL extra_float_digits = 3; SET LOCAL bytea_output = 'hex'; SET LOCAL client_encoding = 'UTF8'`;

/** PostgreSQL takes no snapshot for it: one that is taken afterwards sees what others have committed before. */
export function lockTables(tables: readonly string[], mode: 'ACCESS SHARE' | 'ACCESS EXCLUSIVE'): string {
  return `LOCK TABLE ${tables.map(qualified).join(', ')} IN ${mode} MODE`;
}

/** Number of rows in each table, as columns "0", "1", …, in the order given. */
export function countRows(tables: readonly string[]): string {
  return `SELECT ${tables.map((table, index) => `(SELECT count(*) FROM ${qualified(table)}) AS "${index}"`).join(', ')}`;
}

/** Whether any of the tables has a row, as "used". */
export function hasRows(tables: readonly string[]): string {
  return `SELECT ${tables.map((table) => `EXISTS (SELECT FROM ${qualified(table)})`).join(' OR ')} AS used`;
}

export function truncate(tables: readonly string[]): string {
  return `TRUNCATE ${tables.map(qualified).join(', ')}`;
}

export function analyze(tables: readonly string[]): string {
  return `ANALYZE ${tables.map(qualified).join(', ')}`;
}

/**
 * Streams each row as one line of JSON. The server makes the JSON, so no row is parsed here. JSON has no control
 * characters, so with these delimiters CSV quotes nothing and adds nothing.
 */
export function copyOut(table: string, columns: readonly string[]): string {
  const values = columns.map((column) => `${escapeIdentifier(column)}::text`).join(', ');
  return (
    `COPY (SELECT json_build_array(${values}) FROM ${qualified(table)}) TO STDOUT ` +
    "(FORMAT csv, DELIMITER E'\\x02', QUOTE E'\\x01')"
  );
}

export function copyIn(table: string, columns: readonly string[]): string {
  return `COPY ${qualified(table)} (${columns.map(escapeIdentifier).join(', ')}) FROM STDIN`;
}

function qualified(table: string): string {
  return `fastpaca.${escapeIdentifier(table)}`;
}
