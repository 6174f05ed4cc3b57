import type { BackupTable } from './backup-format.js';

/** Stands for stdout or stdin in place of a path. */
export const STANDARD_STREAM = '-';

/** `3 conversations, 20 events, 1 compactions` */
export function summaryOf(tables: readonly BackupTable[]): string {
  return tables.map(({ name, rows }) => `${rows} ${name}`).join(', ');
}
