import { access, constants, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { AppConfig } from '../../config/app-config.js';
import { requireMigrated } from '../../database/migrate.js';
import { withSession } from '../../database/session.js';
import { CliError } from '../cli-error.js';
import { withDatabase } from '../reach-database.js';
import { statIfExists } from '../stat-if-exists.js';
import { STANDARD_STREAM, summaryOf } from './backup-file.js';
import type { BackupTable } from './backup-format.js';
import { backupLines } from './write-backup.js';

interface BackupOptions {
  /** path, or `-` for stdout */
  file: string;
  /** whether an existing file is replaced */
  force: boolean;
  signal: AbortSignal;
}

/**
 * Writes a backup of one moment, while the database is in use.
 *
 * @returns one line that says what was written
 * @throws CliError the file exists; the database has no schema or another version's
 */
export async function backUp(config: AppConfig, { file, force, signal }: BackupOptions): Promise<string> {
  const isStdout = file === STANDARD_STREAM;
  if (!isStdout) await checkTarget(file, force);
  else if (process.stdout.isTTY)
    throw new CliError('stdout is a terminal: redirect it to a file or a program');

  let tables: readonly BackupTable[] = [];
  const writeTo = (target: Writable) =>
    withDatabase(config, { create: false }, async (reached) => {
      await requireMigrated(reached);
      await withSession(
        reached,
        (client) =>
          pipeline(() => backupLines(client, (header) => (tables = header.tables)), createGzip(), target, {
            signal,
          }),
        signal,
      );
    });
  await (isStdout ? writeTo(process.stdout) : replaceFile(file, writeTo));
  return `Backed up ${summaryOf(tables)} to ${isStdout ? 'stdout' : file}`;
}

/** @throws CliError a backup cannot or must not be written there */
async function checkTarget(file: string, force: boolean): Promise<void> {
  await access(dirname(file), constants.W_OK);
  const existing = await statIfExists(file);
  if (existing && !existing.isFile())
    throw new CliError(`${file} is not a file: use another name, or - for stdout`);
  if (existing && !force) throw new CliError(`${file} exists: use --force to replace it, or another name`);
}

/**
 * Writes a file under another name, which becomes `file` when it is complete and on the disk. Only its owner can read
 * it: it contains all conversations.
 */
async function replaceFile(file: string, write: (target: Writable) => Promise<void>): Promise<void> {
  const unfinished = `${file}.unfinished-${process.pid}`;
  const handle = await open(unfinished, 'wx', 0o600);
  try {
    await write(handle.createWriteStream({ flush: true }));
    await rename(unfinished, file);
  } catch (error) {
    await rm(unfinished);
    throw error;
  } finally {
    await handle.close();
  }
}
