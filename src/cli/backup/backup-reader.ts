import { createHash } from 'node:crypto';
import type { BackupEnd, BackupHeader, BackupTable } from './backup-format.js';
import { damaged, notABackup, parseEnd, parseHeader, parseRow } from './backup-format.js';

const NEWLINE = 0x0a;
/** Rows are passed on in pieces of about so many bytes. */
const CHUNK_BYTES = 64 * 1024;

/** Reads a backup from its first line to its last, and checks it on the way. Its methods are called in their order. */
export class BackupReader {
  private readonly lines: AsyncGenerator<Buffer, undefined>;
  private readonly hash = createHash('sha256');
  private rowsRead = 0;

  /** @param content the uncompressed content of the file */
  constructor(content: AsyncIterable<Buffer>) {
    this.lines = splitLines(content);
  }

  /** @throws CliError this is not a backup, or it has another format version */
  async readHeader(): Promise<BackupHeader> {
    const line = await this.nextLine();
    if (!line) throw notABackup();
    const header = parseHeader(line);
    this.update(line);
    return header;
  }

  /**
   * The rows of the next table, in the text format of COPY.
   *
   * @throws CliError the file ends too early, or a row is damaged
   */
  async *readRows({ columns, rows }: BackupTable): AsyncGenerator<Buffer> {
    let text = '';
    for (let row = 0; row < rows; row += 1) {
      const line = await this.nextLine();
      if (!line) throw damaged('it ends too early');
      this.update(line);
      this.rowsRead += 1;
      text += copyText(parseRow(line, columns.length));
      if (text.length >= CHUNK_BYTES) {
        yield Buffer.from(text);
        text = '';
      }
    }
    if (text) yield Buffer.from(text);
  }

  /** @throws CliError the last line is missing, lines follow it, or it does not match what was read */
  async readEnd(): Promise<BackupEnd> {
    const line = await this.nextLine();
    if (!line) throw damaged('its last line is missing');
    const end = parseEnd(line);
    if (end.rows !== this.rowsRead || end.sha256 !== this.hash.digest('hex'))
      throw damaged('its checksum is wrong');
    if (await this.nextLine()) throw damaged('lines follow its last line');
    return end;
  }

  private async nextLine(): Promise<Buffer | undefined> {
    try {
      return (await this.lines.next()).value;
    } catch (error) {
      throw ofContent(error, this.rowsRead === 0);
    }
  }

  private update(line: Buffer): void {
    this.hash.update(line).update('\n');
  }
}

/** Splits the content at its newlines. A last line without a newline is incomplete and left out. */
async function* splitLines(content: AsyncIterable<Buffer>): AsyncGenerator<Buffer, undefined> {
  let start: Buffer[] = [];
  for await (const chunk of content) {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, from)) {
      const rest = chunk.subarray(from, at);
      yield start.length ? Buffer.concat([...start, rest]) : rest;
      start = [];
      from = at + 1;
    }
    if (from < chunk.length) start.push(chunk.subarray(from));
  }
  return undefined;
}

/** Explains an error of the decompression; the other errors are those of the file. */
function ofContent(error: unknown, isStart: boolean): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'Z_BUF_ERROR') return damaged('it ends too early');
  if (code?.startsWith('Z_')) return isStart ? notABackup() : damaged('it cannot be decompressed');
  return error;
}

/** A row in the text format of COPY: https://www.postgresql.org/docs/current/sql-copy.html. */
function copyText(row: readonly (string | null)[]): string {
  return `${row.map((value) => (value === null ? '\\N' : escapeText(value))).join('\t')}\n`;
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function escapeText(value: string): string {
  return value.replaceAll(/[\\\n\r\t]/g, (char) => ESCAPES[char] ?? char);
}
