import { CliError } from '../cli-error.js';

/**
 * A backup is a gzip file of lines, each a JSON value:
 *
 * 1. the header, an object (`BackupHeader`);
 * 2. one line per row: an array with PostgreSQL's text of each column, or null. The rows of the first table come first,
 *    as many as the header says, then those of the next table;
 * 3. the last line, an object (`BackupEnd`). A file without it is incomplete.
 *
 * Text is the one representation that keeps every value as it is: `json` with its blanks and its numbers, timestamps
 * with their microseconds, `bigint`. Rows are arrays, so no key is parsed per row.
 */
export const FORMAT = 'fastpaca-backup';
export const FORMAT_VERSION = 1;

export interface BackupTable {
  name: string;
  columns: string[];
  /** number of rows */
  rows: number;
}

export interface BackupHeader {
  format: typeof FORMAT;
  version: typeof FORMAT_VERSION;
  /** version of Fastpaca that has written the file */
  fastpaca: string;
  /** time of the snapshot, by the clock of the database */
  createdAt: string;
  /** names of the migrations of the schema, in their order */
  migrations: string[];
  tables: BackupTable[];
}

export interface BackupEnd {
  end: true;
  /** number of rows of all tables */
  rows: number;
  /** of all lines before this one, uncompressed, with their newlines */
  sha256: string;
}

/** @throws CliError the line is not the header of a backup that this version can read */
export function parseHeader(line: Buffer): BackupHeader {
  const header = parseObject(line) as Partial<BackupHeader> | undefined;
  if (header?.format !== FORMAT) throw notABackup();
  if ((header.version as number) !== FORMAT_VERSION) {
    throw new CliError(
      `The backup has format version ${String(header.version)}, and this Fastpaca reads version ${FORMAT_VERSION}: ` +
        `restore it with Fastpaca ${String(header.fastpaca)}, which has written it`,
    );
  }
  if (!Array.isArray(header.migrations) || !header.tables?.every(isTable))
    throw damaged('its header is not complete');
  return header as BackupHeader;
}

/** @throws CliError the line is not the last line of a backup */
export function parseEnd(line: Buffer): BackupEnd {
  const end = parseObject(line) as Partial<BackupEnd> | undefined;
  if (end?.end !== true) throw damaged('its last line is not where it must be');
  return end as BackupEnd;
}

/** @throws CliError the line is not a row with so many columns */
export function parseRow(line: Buffer, columns: number): (string | null)[] {
  const row = parse(line);
  if (!Array.isArray(row) || row.length !== columns || !row.every(isTextOrNull))
    throw damaged('a row is not complete');
  return row as (string | null)[];
}

export function notABackup(): CliError {
  return new CliError('The file is not a backup of Fastpaca: use a file that "fastpaca backup" has written');
}

export function damaged(what: string): CliError {
  return new CliError(
    `The backup is incomplete or damaged (${what}), and nothing was restored: use another backup`,
  );
}

function isTable({ name, columns, rows }: BackupTable): boolean {
  return typeof name === 'string' && Array.isArray(columns) && Number.isSafeInteger(rows);
}

function isTextOrNull(value: unknown): boolean {
  return value === null || typeof value === 'string';
}

function parseObject(line: Buffer): object | undefined {
  const value = parse(line);
  return typeof value === 'object' && value !== null ? value : undefined;
}

function parse(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString());
  } catch {
    return undefined;
  }
}
