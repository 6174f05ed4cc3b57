import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { AppConfig } from '../../config/app-config.js';
import { migrate, requireMigrated } from '../../database/migrate.js';
import { withSession } from '../../database/session.js';
import { withDatabase } from '../reach-database.js';
import { STANDARD_STREAM, summaryOf } from './backup-file.js';
import { BackupReader } from './backup-reader.js';
import { checkSchema, restoreBackup } from './restore-backup.js';

interface RestoreOptions {
  /** path, or `-` for stdin */
  file: string;
  /** whether existing conversations are deleted */
  replace: boolean;
  signal: AbortSignal;
}

/**
 * Restores a backup, while the database is in use. Migrates the schema first, as a start of the service does.
 *
 * @returns one line that says what was restored
 * @throws CliError the file is not a complete backup of this version's schema, or the database has conversations
 */
export async function restore(config: AppConfig, { file, replace, signal }: RestoreOptions): Promise<string> {
  const source = file === STANDARD_STREAM ? process.stdin : createReadStream(file);
  // An error of the source or the decompression reaches the reader of the content.
  const content = pipeline(source, createGunzip(), () => undefined);
  try {
    const reader = new BackupReader(content);
    const header = await reader.readHeader();
    checkSchema(header);
    await withDatabase(config, { create: true }, async (reached) => {
      await (config.migrateOnBoot ? migrate : requireMigrated)(reached);
      await withSession(reached, (client) => restoreBackup(client, { reader, header }, replace), signal);
    });
    return `Restored ${summaryOf(header.tables)}, as of ${header.createdAt}`;
  } finally {
    content.destroy();
  }
}
